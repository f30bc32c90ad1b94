import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readDotenv } from '../../src/operations/definitions/import/dotenv.ts'
import {
  applyDefinitions,
  cloneEnvironment,
  copyValues,
  createEnvironment,
  type DefinitionEdit,
  editDefinition,
  importValues,
  initStore,
  removeValues,
  replaceDefinition,
  Session,
  setLoginProvider,
  setValue,
  setValues,
} from '../../src/operations/index.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { sessionParts } from './session-parts.ts'

const broken = 'values: {a: "${nope}"}\n'

/** Other programs than the command line use the same operations: what they did is told as truly. */
describe('what a session says in the audit log of a change', () => {
  let folder: string
  let workspace: Workspace
  let session: Session
  let seen = 0

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-audited-'))
    const env = { ESC_CONFIG_HOME: join(folder, 'config'), ESC_AUTHOR: 'Ada <ada@example.com>' }
    const host = { cwd: folder, env, notify: () => {}, now: () => new Date('2026-03-04T05:06:07Z') }
    const parts = sessionParts(host)
    initStore({}, parts)
    workspace = openWorkspace(parts)
    session = new Session(workspace)
    await session.perform(createEnvironment, named('app/dev'), { definition: 'values: {b: 1}\n' })
    seen = lines().length
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const named = (name: string) => workspace.reference(name)
  const dev = () => named('app/dev')

  function lines(): string[] {
    const audit = join(workspace.store.state.folder, 'audit')
    return readdirSync(audit)
      .flatMap((file) => readFileSync(join(audit, file), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line))
      .map(({ event, environment, result, details }) =>
        [event, environment, result, details?.code ?? details?.revision].filter((each) => each !== undefined).join(' '),
      )
  }

  const wrong = { plaintext: false, path: ['a'], value: '${nope}' }
  const block = { 'fn::open::aws-login': { static: { accessKeyId: '${nope}', secretAccessKey: 'x' } } }
  const provider = { path: ['login'], typed: 'login', block, create: true }
  const ofFile = { path: ['environmentVariables'], allSecret: false, create: true }

  const refusals: Record<string, () => Promise<unknown>> = {
    setValue: () => session.perform(setValue, dev(), { ...wrong, value: async () => wrong.value }),
    setValues: () => session.perform(setValues, dev(), [wrong]),
    replaceDefinition: () => session.perform(replaceDefinition, dev(), { text: broken }),
    setLoginProvider: () => session.perform(setLoginProvider, dev(), provider),
    async editDefinition() {
      const tried: string[] = []
      const revise = async (_: unknown, refused: unknown) => {
        if (refused !== undefined) throw new Error(`gave up after ${tried.length}`)
        tried.push(broken)
        return broken
      }
      await session.perform(editDefinition, dev(), { showSecrets: false, revise }).catch(() => {})
      expect(tried).to.deep.equal([broken])
    },
    applyDefinitions: () =>
      session.perform(applyDefinitions, undefined, { wanted: [{ name: 'app/dev', text: broken }], plan: false }),
  }

  for (const [name, refuse] of Object.entries(refusals)) {
    it(`${name}: a definition with errors has failed`, async () => {
      await refuse()
      const code = name === 'editDefinition' ? 'failed' : 'invalid_definition'
      expect(lines().slice(seen)).to.deep.equal([
        'environment-updated app/dev allowed',
        `environment-updated app/dev failed ${code}`,
      ])
    })
  }

  it('an environment that is not made whole is not made, and both lines say so', async () => {
    await session.perform(setLoginProvider, named('app/new'), provider)
    expect(workspace.store.has('app/new')).to.equal(false)
    expect(lines().slice(seen)).to.deep.equal([
      'environment-updated app/new allowed',
      'environment-created app/new allowed',
      'environment-created app/new failed invalid_definition',
      'environment-updated app/new failed invalid_definition',
    ])
  })

  it('of a change that is done, the revision is told', async () => {
    const file = readDotenv('HOST=localhost\n')
    await session.perform(importValues, dev(), { ...ofFile, file })
    await session.perform(removeValues, dev(), [['b']])
    await session.perform(editDefinition, dev(), {
      showSecrets: false,
      revise: async ({ text }: DefinitionEdit) => `${text}# mine\n`,
    })
    const done = lines().filter((line) => line.includes(' done '))
    expect(done.slice(-3)).to.deep.equal([3, 4, 5].map((revision) => `environment-updated app/dev done ${revision}`))
  })

  it('a clone and a copy tell of the environment that they take from', async () => {
    const preserve = { preserveHistory: false, preserveEnvironmentTags: false, preserveRevisionTags: false }
    await session.perform(cloneEnvironment, dev(), { destination: named('app/two'), ...preserve })
    await session.perform(setValue, dev(), { plaintext: false, path: ['c'], value: async () => 'more' })
    seen = lines().length
    await session.perform(copyValues, named('app/two'), { from: dev(), path: [], plan: true })
    await session.perform(copyValues, named('app/two'), { from: dev(), path: ['c'], plan: false })
    expect(lines().slice(seen)).to.deep.equal([
      'environment-decrypted app/dev allowed',
      'environment-updated app/two allowed',
      'environment-decrypted app/dev allowed',
      'environment-updated app/two done 2',
    ])
  })

  it('of several definitions, each is told by itself', async () => {
    await session.perform(createEnvironment, named('app/two'), { definition: '' })
    await session.perform(createEnvironment, named('app/other'), { definition: 'values: {s: {fn::secret: hush}}\n' })
    const other = workspace.store.environment('app/other').current().definition
    seen = lines().length
    const wanted = [
      { name: 'app/dev', text: 'values: {b: 2}\n' },
      { name: 'app/two', text: other },
    ]
    const { result } = await session.perform(applyDefinitions, undefined, { wanted, plan: false })
    expect(result.environments.map(({ status }) => status)).to.deep.equal(['updated', 'failed'])
    expect(lines().slice(seen)).to.deep.equal([
      'environment-updated app/dev allowed',
      'environment-updated app/two allowed',
      'environment-updated app/dev done 3',
      'environment-updated app/two failed tampered',
    ])
  })
})
