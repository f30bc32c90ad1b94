import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { noticeText } from '../../src/cli/framework/notice-text.ts'
import { EscError } from '../../src/errors.ts'
import { type EvaluationHost, fromPlain } from '../../src/evaluate/index.ts'
import { encryptDefinition } from '../../src/language/index.ts'
import type { Notice } from '../../src/notice.ts'
import {
  openEnvironment,
  rollBack,
  rotateEnvironment,
  Session,
  saveWorkingDefinition,
} from '../../src/operations/index.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { Store } from '../../src/store/index.ts'
import { perform } from './perform.ts'
import { sessionParts } from './session-parts.ts'

const by = { author: { name: 'Mallory' }, created: new Date('2026-11-20T10:00:00Z') }

/** `docs/threat-model.md`, "A hostile environment definition". */
describe('a hostile environment definition', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-hostile-'))
    Store.init(store(), {}, world())
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const store = () => join(folder, 'environments')
  const env = (config = 'config') => ({ ESC_CONFIG_HOME: join(folder, config), ESC_AUTHOR: 'Ada <ada@example.com>' })
  const world = (config = 'config') => ({
    state: join(folder, 'config', 'state'),
    keys: { env: {}, configFolder: join(folder, config), notify: () => {} },
  })

  async function save(name: string, text: string, config = 'config'): Promise<void> {
    const opened = Store.open(store(), world(config))
    const environment = opened.has(name) ? opened.environment(name) : await opened.additions.create(name, by)
    const key = await environment.dataKey()
    const definition = encryptDefinition(name, text, (plaintext) => key.encrypt(plaintext))
    await environment.append({ base: environment.current().number, definition, change: 'edit', ...by })
  }

  async function open(name: string): Promise<{ readonly json: string; readonly problems: string }> {
    const parts = sessionParts({ cwd: folder, env: env(), notify: () => {}, now: () => new Date() })
    const workspace = openWorkspace(parts)
    const opened = await perform(workspace, openEnvironment, workspace.reference(name))
    return {
      json: JSON.stringify(opened.properties ?? null),
      problems: opened.diagnostics.map(({ summary }) => summary).join('\n'),
    }
  }

  async function refusal(name: string): Promise<EscError> {
    try {
      await open(name)
    } catch (error) {
      if (error instanceof EscError) return error
      throw error
    }
    throw new Error('expected a refusal')
  }

  const login = (place: string) =>
    `values:\n  login:\n    fn::open::aws-login:\n      static: {accessKeyId: AKIA, secretAccessKey: "${place}"}\n`

  it('is not evaluated, and nothing it calls is called, when it lacks the seal', async () => {
    await save('app/dev', login('honest'))
    const file = join(store(), 'app/dev/revisions/2.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('honest', 'hostile'))
    expect(await refusal('app/dev')).to.include({ code: 'tampered' })
  })

  it('does not get in as an import of a sound one', async () => {
    await save('app/base', login('honest'))
    await save('app/dev', 'imports:\n  - app/base\nvalues:\n  a: 1\n')
    const file = join(store(), 'app/base/revisions/2.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('honest', 'hostile'))
    const seen = await open('app/dev')
    expect(seen.problems).to.contain("app/base' is not the one this machine has seen")
    expect(seen.json).to.equal('null')
    // Nor on a machine that sees it for the first time.
    rmSync(join(folder, 'config', 'state'), { recursive: true })
    const error = await refusal('app/dev')
    expect(error).to.include({ code: 'tampered' })
    expect(error.message).to.contain("environment 'app/base'")
  })

  it('does not say, as an import without its seal, where the secrets of a sound one are sent', async () => {
    await save('app/base', 'values: {address: good.example, length: 20}\n')
    await save(
      'app/dev',
      'imports: [app/base]\nvalues:\n  token: {fn::secret: hunter2}\n  got: {fn::open::somewhere: {to: "https://${address}", token: "${token}"}}\n',
    )
    await save(
      'app/rotated',
      'imports: [app/base]\nvalues:\n  new: {fn::rotate::password: {inputs: {length: "${length}"}}}\n',
    )
    const sent: string[] = []
    const provider: EvaluationHost['provider'] = async () => ({
      inputs: true,
      outputs: true,
      async open(inputs) {
        sent.push(JSON.stringify(inputs))
        return fromPlain('opened')
      },
    })
    const fresh = () => {
      rmSync(join(folder, 'config', 'state'), { recursive: true, force: true })
      return openWorkspace(sessionParts({ cwd: folder, env: env(), notify: () => {}, now: () => new Date(), provider }))
    }
    const openDev = (workspace: Workspace) => perform(workspace, openEnvironment, workspace.reference('app/dev'))
    const rotate = (workspace: Workspace) =>
      perform(workspace, rotateEnvironment, workspace.reference('app/rotated'), {
        paths: [],
        mode: 'rotate',
        onProgress: () => {},
      })
    await openDev(fresh())
    expect(sent.join()).to.contain('good.example').and.contain('hunter2')
    expect((await rotate(fresh())).revision).to.equal(3)
    const file = join(store(), 'app/base/revisions/2.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('good', 'evil').replace('length: 20', 'length: 8'))
    for (const run of [openDev, rotate]) {
      const error = await run(fresh()).then(
        () => undefined,
        (reason) => reason,
      )
      expect(error).to.be.instanceOf(EscError).and.include({ code: 'tampered' })
      expect(error.message).to.contain(file)
    }
    expect(sent.join()).to.not.contain('evil.example')
    expect(Store.open(store(), world()).environment('app/rotated').current().number).to.equal(3)
  })

  it('is not saved without a word, as a hand edit that moves a secret', async () => {
    await save('app/dev', 'values:\n  password: {fn::secret: hunter2}\n  url: https://good.example\n')
    const file = join(store(), 'app/dev/environment.yaml')
    const edit = readFileSync(file, 'utf8')
    const [, ciphertext] = /ciphertext: (\S+?)\}/.exec(edit)!
    const notices: string[] = []
    const notify = (notice: Notice) => void notices.push(noticeText(notice))
    const workspace = openWorkspace(sessionParts({ cwd: folder, env: env(), notify, now: () => new Date() }))
    const session = new Session(workspace)
    const reference = workspace.reference('app/dev')
    writeFileSync(file, edit.replace('https://good.example', `{fn::secret: {ciphertext: ${ciphertext}}}`))
    await session.perform(saveWorkingDefinition, reference)
    expect(notices.join()).to.contain('url holds the secret of password').and.contain('rollback to 2')
    // Values that change, or are new, are no news.
    notices.length = 0
    writeFileSync(file, `${readFileSync(file, 'utf8')}  other: {fn::secret: new}\n`)
    await session.perform(saveWorkingDefinition, reference)
    expect(notices).to.deep.equal([])
  })

  it('is not brought back by a rollback to a revision that was changed', async () => {
    for (const text of ['a: 1', 'a: 2', 'a: 3']) await save('app/dev', `values: {${text}}\n`)
    const file = join(store(), 'app/dev/revisions/2.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('a: 1', 'a: evil'))
    rmSync(join(folder, 'config', 'state'), { recursive: true })
    const workspace = openWorkspace(sessionParts({ cwd: folder, env: env(), notify: () => {}, now: () => new Date() }))
    const reference = workspace.reference('app/dev@2')
    const error = await perform(workspace, rollBack, reference, { exact: true, force: true }).then(
      () => undefined,
      (reason) => reason,
    )
    expect(error).to.be.instanceOf(EscError).and.include({ code: 'tampered' })
    expect(error.message).to.contain(file)
    expect(Store.open(store(), world()).environment('app/dev').current().number).to.equal(4)
  })

  it('does not read what its reader has no key for, by importing it', async () => {
    await save('credentials/production', 'values:\n  password:\n    fn::secret: hunter2\n', 'theirs')
    await save('app/dev', 'imports:\n  - credentials/production\nvalues:\n  copy: ${password}\n')
    renameSync(join(folder, 'theirs'), join(folder, 'away'))
    const outcome = await open('app/dev').catch((error) => ({ json: '', problems: String(error.message) }))
    expect(outcome.json).to.not.contain('hunter2')
    expect(outcome.problems).to.contain('credentials/production')
  })

  it('does not read a secret whose ciphertext it has copied', async () => {
    await save('credentials/production', 'values:\n  password:\n    fn::secret: hunter2\n')
    const text = readFileSync(join(store(), 'credentials/production/environment.yaml'), 'utf8')
    await save('app/dev', text)
    const outcome = await open('app/dev').catch((error) => ({ json: '', problems: String(error.message) }))
    expect(outcome.json).to.not.contain('hunter2')
    expect(outcome.problems).to.not.equal('')
  })

  it('has no function that reads files or variables, runs programs, or speaks to a network of its choice', async () => {
    for (const name of ['file', 'readFile', 'env', 'exec', 'run', 'http', 'fetch', 'include', 'eval', 'template']) {
      await save('app/dev', `values:\n  a:\n    fn::${name}: /etc/passwd\n`)
      const { json, problems } = await open('app/dev')
      expect(problems, name).to.equal("'fn::' is a reserved prefix")
      expect(json).to.equal('null')
    }
    // What reads from the machine, or runs a program, is allowed there first.
    for (const call of [
      'file: {get: {a: {path: /etc/passwd}}}',
      'env: {get: {a: {name: HOME}}}',
      'command: {command: [cat, /etc/passwd]}',
      'sops: {path: ~/secrets.yaml}',
    ]) {
      await save('app/dev', `values:\n  a:\n    fn::open::${call}\n`)
      const { json, problems } = await open('app/dev').catch((error) => ({ json: '', problems: String(error.message) }))
      expect(problems, call).to.contain('this machine has not allowed the store to')
      expect(json, call).to.not.contain('root:')
    }
  })
})
