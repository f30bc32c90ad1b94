import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createEnvironment,
  createSchedule,
  createWebhook,
  initStore,
  rotateEnvironment,
  type SessionHost,
  type SessionParts,
  setEnvironmentTag,
  tagRevision,
} from '../../src/operations/index.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { digestOf } from '../digest.ts'
import { perform } from './perform.ts'
import { sessionParts } from './session-parts.ts'

export const configuration = `version: 1
organization: acme
git: {commit: true}
audit: {keep: repository, required: true}
oidc: {issuer: https://esc.example.org}
access:
  rules:
    - {environments: "*", principals: ada@example.com, level: admin}
    - {environments: "*", principals: read@example.com, level: read}
    - {environments: "*", principals: open@example.com, level: open}
    - {environments: "*", principals: write@example.com, level: write}
    - {environments: app/copy, principals: open@example.com, level: write}
`

export const definition = `imports: [app/base]
values:
  token: {fn::secret: not-a-real-token}
  user: {fn::rotate::password: {inputs: {length: 20}}}
`

/**
 * A store in git that commits each change, keeps a required audit log, and tells a webhook of
 * everything: `app/base`, and `app/dev` with a secret, a rotated password, tags and a schedule.
 */
export class SampleStore {
  readonly folder: string
  now = new Date('2026-03-04T05:06:07Z')
  /** What the webhook was sent: the kind of event, and what was done. */
  readonly sent: string[] = []
  /** Of `app/dev`: the id of its schedule, and the name of its webhook. */
  schedule = ''
  hook = ''

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<SampleStore> {
    const made = new SampleStore(mkdtempSync(join(tmpdir(), 'esc-operations-')))
    made.git('init', '--quiet', '--initial-branch', 'main')
    initStore({}, made.parts('ada@example.com'))
    const workspace = made.workspace('ada@example.com')
    const dev = workspace.reference('app/dev')
    await perform(workspace, createEnvironment, workspace.reference('app/base'), { definition: 'values: {size: 1}\n' })
    await perform(workspace, createEnvironment, dev, { definition })
    await perform(workspace, rotateEnvironment, dev, { paths: [], mode: 'rotate', onProgress() {} })
    await perform(workspace, tagRevision, workspace.reference('app/dev@stable'), '2')
    await perform(workspace, setEnvironmentTag, dev, { name: 'owner', value: 'platform' })
    const { id } = await perform(workspace, createSchedule, dev, {
      cron: '0 3 * * *',
      once: undefined,
      timezone: undefined,
    })
    const { name } = await perform(workspace, createWebhook, dev, {
      displayName: 'everything',
      url: 'https://hooks.example.com/x',
      format: 'raw',
      events: [],
      groups: [],
      active: true,
    })
    made.schedule = id
    made.hook = name
    writeFileSync(join(made.folder, 'environments', 'esc.yaml'), configuration)
    writeFileSync(join(made.folder, '.gitignore'), '/config\n')
    made.git('add', '--all')
    made.git('commit', '--quiet', '--message', 'the sample')
    return made
  }

  /** Another folder with the same store. */
  copy(): SampleStore {
    const other = new SampleStore(mkdtempSync(join(tmpdir(), 'esc-operations-')))
    cpSync(this.folder, other.folder, { recursive: true })
    other.schedule = this.schedule
    other.hook = this.hook
    return other
  }

  parts(principal: string): SessionParts {
    const env = {
      PATH: process.env.PATH,
      ESC_CONFIG_HOME: join(this.folder, 'config'),
      ESC_PASSPHRASE: 'correct horse battery staple',
      ESC_AUTHOR: `Somebody <${principal}>`,
      ESC_PRINCIPAL: principal,
    }
    const postWebhook: SessionHost['postWebhook'] = async ({ headers, body }) => {
      this.sent.push(`${headers['Pulumi-Webhook-Kind']} ${JSON.parse(body).action ?? ''}`.trim())
      return { kind: 'answered', status: 200, body: '' }
    }
    return sessionParts({ cwd: this.folder, env, notify() {}, now: () => this.now, postWebhook })
  }

  workspace(principal: string): Workspace {
    return openWorkspace(this.parts(principal))
  }

  /** Writes a file by hand. */
  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text)
  }

  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false']
    return execFileSync('git', [...identity, ...args], { cwd: this.folder, encoding: 'utf8' }).trim()
  }

  /** Files that are not committed, other than the audit log. */
  uncommitted(): string[] {
    const lines = this.git('status', '--porcelain').split('\n')
    return lines.filter((line) => line !== '' && !line.includes('/.audit/'))
  }

  /** A digest of every byte of the environments, but for the audit log. */
  digest(): string {
    return digestOf(join(this.folder, 'environments'))
  }

  /** The lines of the audit log, oldest first. */
  auditLines(): { readonly event: string; readonly result: string; readonly user: string }[] {
    const folder = join(this.folder, 'environments', '.audit')
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
    const lines = files
      .filter((file) => file.endsWith('.jsonl'))
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
    return lines.map((line) => JSON.parse(line)).sort((a, b) => a.sequence - b.sequence)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
