import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { ExportedMap, ExportedValue } from '../../src/evaluate/index.ts'
import { JsonNumber } from '../../src/json.ts'
import { encryptDefinition } from '../../src/language/index.ts'
import { openEnvironment, type SessionHost } from '../../src/operations/index.ts'
import { decodeProperties, encodeProperties } from '../../src/operations/opening/opened-cache.ts'
import { openWorkspace } from '../../src/operations/session/open-workspace.ts'
import { Store } from '../../src/store/index.ts'
import { runs } from '../sample.ts'
import { perform } from './perform.ts'
import { sessionParts } from './session-parts.ts'

const by = { author: { name: 'Ada' }, created: new Date('2026-11-20T10:00:00Z') }

const base = `values:
  region: eu-west-1
  __proto__: {constructor: 1.0}
  token: {fn::secret: base-secret-1}
`
const dev = `imports: [base]
values:
  own: {fn::secret: own-secret-1}
  url: https://\${token}@\${region}/
  list: [1, 2.50, true, null, "x", "\${own}"]
`

describe('what opening an environment came to', () => {
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-opened-'))
    Store.init(store(), {}, world())
    await save('default/base', base)
    await save('default/dev', dev)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const store = () => join(folder, 'environments')
  const state = () => Store.open(store(), world()).state.folder
  const config = () => join(folder, 'config')
  const world = () => ({
    state: join(folder, 'config', 'state'),
    keys: { env: {}, configFolder: config(), notify: () => {} },
  })

  async function save(name: string, text: string, settings?: (store: Store) => Promise<void>): Promise<void> {
    const opened = Store.open(store(), world())
    const environment = opened.has(name) ? opened.environment(name) : await opened.additions.create(name, by)
    const key = await environment.dataKey()
    const definition = encryptDefinition(name, text, (plaintext) => key.encrypt(plaintext))
    await environment.append({ base: environment.current().number, definition, change: 'edit', ...by })
    await settings?.(opened)
  }

  const host = (more: Partial<SessionHost> = {}): SessionHost => ({
    cwd: folder,
    env: { ESC_CONFIG_HOME: config(), ESC_AUTHOR: 'Ada <ada@example.com>' },
    notify: () => {},
    now: () => new Date('2026-11-20T10:00:00Z'),
    build: 'one',
    ...more,
  })

  async function open(name = 'dev', more: Partial<SessionHost> = {}) {
    const workspace = openWorkspace(sessionParts(host(more)))
    return perform(workspace, openEnvironment, workspace.reference(name))
  }

  function kept(): { readonly path: string; readonly bytes: Buffer; readonly id: number } | undefined {
    let names: string[] = []
    try {
      names = readdirSync(join(state(), 'opened'))
    } catch {}
    if (names.length === 0) return undefined
    expect(names).to.have.length(1)
    const path = join(state(), 'opened', names[0]!)
    return { path, bytes: readFileSync(path), id: statSync(path).ino }
  }

  /** Evaluating writes the file anew; recalling leaves it alone. */
  async function isEvaluated(act: () => Promise<unknown>): Promise<boolean> {
    const before = kept()
    await act()
    return before === undefined ? kept() !== undefined : kept()?.id !== before.id
  }

  const audited = () => {
    const folder_ = join(state(), 'audit')
    const lines = readdirSync(folder_).flatMap((name) => readFileSync(join(folder_, name), 'utf8').trim().split('\n'))
    return lines.map((line) => {
      const { event, result, environment, user, details } = JSON.parse(line)
      return { event, result, environment, user, details }
    })
  }

  it('is the same when it is recalled, to the last range, and audited the same', async () => {
    const first = await open()
    const lines = audited()
    expect(await isEvaluated(async () => expect(await open()).to.deep.equal(first))).to.equal(false)
    expect(Object.getPrototypeOf((await open()).properties)).to.equal(null)
    expect(first.properties?.url?.value).to.equal('https://base-secret-1@eu-west-1/')
    expect(first.used.map(({ name }) => name)).to.deep.equal(['default/dev', 'default/base'])
    expect(audited().slice(lines.length, 2 * lines.length)).to.deep.equal(lines)
    expect(lines.map(({ event }) => event)).to.include.members(['environment-open', 'environment-imported'])
  })

  it('is kept encrypted, for this user alone', async () => {
    await open()
    const { path, bytes } = kept()!
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    for (const text of ['base-secret-1', 'own-secret-1', 'eu-west-1', 'https://']) {
      expect(bytes.includes(text), text).to.equal(false)
      expect(bytes.includes(Buffer.from(text).toString('base64').slice(0, 8)), text).to.equal(false)
    }
  })

  it('is found out anew when the environment, or one that it imports, has another revision', async () => {
    await open()
    await save('default/base', base.replace('base-secret-1', 'base-secret-2'))
    expect(
      await isEvaluated(async () => expect((await open()).properties?.token?.value).to.equal('base-secret-2')),
    ).to.equal(true)
    await save('default/dev', dev.replace('own-secret-1', 'own-secret-2'))
    expect(
      await isEvaluated(async () => expect((await open()).properties?.own?.value).to.equal('own-secret-2')),
    ).to.equal(true)
    expect(await isEvaluated(() => open())).to.equal(false)
  })

  it('is found out anew when a tag that an import names has moved', async () => {
    await save('default/dev', dev.replace('[base]', '[base@stable]'), async (opened) => {
      await opened.environment('default/base').versions.tag('stable', '2', by)
    })
    await open()
    expect(await isEvaluated(() => open())).to.equal(false)
    await save('default/base', base.replace('base-secret-1', 'base-secret-2'))
    expect(await isEvaluated(() => open())).to.equal(false)
    await Store.open(store(), world()).environment('default/base').versions.tag('stable', '3', by)
    expect(
      await isEvaluated(async () => expect((await open()).properties?.token?.value).to.equal('base-secret-2')),
    ).to.equal(true)
  })

  it('is found out anew by another program, and by one that has no build', async () => {
    await open()
    expect(await isEvaluated(() => open('dev', { build: 'two' }))).to.equal(true)
    expect(await isEvaluated(() => open('dev', { build: undefined }))).to.equal(false)
  })

  it('is believed from nobody without the keys, whichever bit was changed', async () => {
    const first = await open()
    const { path, bytes } = kept()!
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1 << (at % 8)
      writeFileSync(path, changed)
      expect(await open(), `byte ${at}`).to.deep.equal(first)
    }
    for (const text of ['', '\n', 'null\n', '{}\n', '{"build":"one","environments":[]}\n', '{"build":"one"}\nx']) {
      writeFileSync(path, text)
      expect(await open(), text).to.deep.equal(first)
    }
  }).timeout(60_000)

  it('lets nobody past a seal, a missing key or a rule', async () => {
    await open()
    const file = join(store(), 'default/base/revisions/1.yaml')
    const revision = readFileSync(file, 'utf8')
    writeFileSync(file, `${revision}# changed\n`)
    expect(await failure(() => open())).to.equal('tampered')
    writeFileSync(file, revision)

    const key = join(config(), 'default.key')
    const text = readFileSync(key)
    rmSync(key)
    expect(await failure(() => open())).to.equal('key_unavailable')
    writeFileSync(key, text, { mode: 0o600 })

    const configuration = join(store(), 'esc.yaml')
    const before = readFileSync(configuration, 'utf8')
    const rules = 'access:\n  rules:\n    - {environments: default/dev, principals: ada@example.com, level: open}\n'
    writeFileSync(configuration, before + rules)
    expect(await failure(() => open())).to.equal('forbidden')
    writeFileSync(configuration, before)
    expect(await failure(() => open())).to.equal('none')
  })

  it('is not kept where esc.yaml says so', async () => {
    const configuration = join(store(), 'esc.yaml')
    const before = readFileSync(configuration, 'utf8')
    writeFileSync(configuration, `${before}cache: off\n`)
    await open()
    expect(kept()).to.equal(undefined)
    writeFileSync(configuration, `${before}cache: sometimes\n`)
    expect(await failure(() => open())).to.equal('invalid_input')
  })

  it('is not kept of what depends on more than the store, or was asked for by version', async () => {
    await open('dev@2')
    expect(kept()).to.equal(undefined)
    const schema = { type: 'object' } as const
    const provider = async () => ({ inputs: schema, outputs: true as const, open: async () => text('fetched') })
    await save('default/dev', 'values:\n  from: {fn::open::somewhere: {}}\n  s: {fn::secret: secret}\n')
    await open('dev', { provider })
    expect(kept()).to.equal(undefined)
    await save('default/dev', 'values:\n  s: {fn::secret: secret}\n  bad: "${nothing}"\n')
    await open()
    expect(kept()).to.equal(undefined)
  })

  it('is decoded as it was encoded', () => {
    const where = fc.record({ line: fc.nat(), column: fc.nat(), byte: fc.nat() })
    const range = fc.record({ environment: fc.string(), begin: where, end: where }, { requiredKeys: ['begin', 'end'] })
    const flag = fc.constantFrom({}, { secret: true as const }, { unknown: true as const })
    const { value } = fc.letrec<{ value: ExportedValue; map: ExportedMap }>((tie) => ({
      map: fc
        .dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), { noNullPrototype: false })
        .map(bare),
      value: fc
        .record({
          content: fc.oneof(
            { maxDepth: 3 },
            fc.constant({}),
            fc.oneof(fc.boolean(), fc.string({ unit: 'binary' })).map((content) => ({ value: content })),
            fc.constantFrom('1', '1.0', '1e400').map((number) => ({ value: new JsonNumber(number) })),
            fc.array(tie('value'), { maxLength: 3 }).map((list) => ({ value: list })),
            tie('map').map((map) => ({ value: map })),
          ),
          flag,
          def: range,
          base: fc.option(tie('value'), { nil: undefined, maxDepth: 2 }),
        })
        .map(({ content, flag: flags, def, base: below }) => ({
          ...content,
          ...flags,
          trace: { def, ...(below && { base: below }) },
        })),
    }))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 3 }).map(bare), (properties) => {
        expect(decodeProperties(JSON.parse(JSON.stringify(encodeProperties(properties))))).to.deep.equal(properties)
      }),
      runs(200, 5000),
    )
  }).timeout(120_000)
})

function bare(map: Record<string, ExportedValue>): ExportedMap {
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(map)))
}

function text(value: string): ExportedValue {
  const nowhere = { line: 0, column: 0, byte: 0 }
  return { value, trace: { def: { begin: nowhere, end: nowhere } } }
}

async function failure(act: () => Promise<unknown>): Promise<string> {
  try {
    await act()
    return 'none'
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error)
  }
}
