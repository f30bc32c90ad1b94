import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createEnvironment,
  createSchedule,
  createWebhook,
  openDatabaseStore,
  openOrMakeDatabaseStore,
  rotateEnvironment,
  type SessionHost,
  type SessionParts,
  setEnvironmentTag,
  tagRevision,
} from '../../src/operations/index.ts'
import { openWorkspaceIn } from '../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import type { StoreRecords } from '../../src/store/index.ts'
import type { PostgresServer } from '../servers/postgres.ts'
import { perform } from './perform.ts'
import { configuration, definition } from './sample-store.ts'
import { sessionParts } from './session-parts.ts'

let databases = 0

/** The store of `SampleStore` in a database of its own, used from a machine of its own. */
export class DatabaseSample {
  /** Keys, and what the machine keeps. */
  readonly folder: string
  readonly database: string
  now = new Date('2026-03-04T05:06:07Z')
  readonly sent: string[] = []
  schedule = ''
  hook = ''
  readonly #server: PostgresServer
  #records: StoreRecords | undefined

  private constructor(server: PostgresServer, folder: string) {
    this.#server = server
    this.folder = folder
    this.database = `sample_${process.pid}_${databases++}`
  }

  static async make(server: PostgresServer): Promise<DatabaseSample> {
    const made = new DatabaseSample(server, mkdtempSync(join(tmpdir(), 'esc-database-')))
    await server.sql(`create database ${made.database}`)
    const { host } = made.parts('ada@example.com')
    made.#records = (await openOrMakeDatabaseStore(made.url, { organization: 'acme' }, host)).records
    const workspace = made.workspace('ada@example.com')
    const dev = workspace.reference('app/dev')
    await perform(workspace, createEnvironment, workspace.reference('app/base'), { definition: 'values: {size: 1}\n' })
    await perform(workspace, createEnvironment, dev, { definition })
    await perform(workspace, rotateEnvironment, dev, { paths: [], mode: 'rotate', onProgress() {} })
    await perform(workspace, tagRevision, workspace.reference('app/dev@stable'), '2')
    await perform(workspace, setEnvironmentTag, dev, { name: 'owner', value: 'platform' })
    const timing = { cron: '0 3 * * *', once: undefined, timezone: undefined }
    made.schedule = (await perform(workspace, createSchedule, dev, timing)).id
    made.hook = (
      await perform(workspace, createWebhook, dev, {
        displayName: 'everything',
        url: 'https://hooks.example.com/x',
        format: 'raw',
        events: [],
        groups: [],
        active: true,
      })
    ).name
    await workspace.store.configuration.change(() => configuration)
    await made.close()
    return made
  }

  /** Another database with the same store, and another machine that has seen it. */
  async copy(): Promise<DatabaseSample> {
    const other = new DatabaseSample(this.#server, mkdtempSync(join(tmpdir(), 'esc-database-')))
    cpSync(this.folder, other.folder, { recursive: true })
    await this.#server.sql(`create database ${other.database} template ${this.database}`)
    other.schedule = this.schedule
    other.hook = this.hook
    await other.open()
    return other
  }

  get url(): string {
    const { host, port, admin } = this.#server
    return `postgres://${admin.username}:${admin.password}@${host}:${port}/${this.database}`
  }

  async open(): Promise<void> {
    this.#records = await openDatabaseStore(this.url)
  }

  async close(): Promise<void> {
    await this.#records?.close()
    this.#records = undefined
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
    if (this.#records === undefined) throw new Error('the database is not open')
    return openWorkspaceIn(this.#records, this.parts(principal))
  }

  /** The lines of the audit log, oldest first. */
  async auditLines(): Promise<{ readonly event: string; readonly result: string; readonly user: string }[]> {
    const lines = (await this.#records?.shared?.audit.lines()) ?? []
    return lines.map((line) => JSON.parse(line))
  }

  async remove(): Promise<void> {
    await this.close()
    await this.#server.sql(`drop database ${this.database}`)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
