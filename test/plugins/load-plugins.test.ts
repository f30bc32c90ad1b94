import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { loadPlugins } from '../../src/plugins/index.ts'
import { failure } from '../rotators/failure.ts'

const schema = `{ type: 'object', properties: { token: { type: 'string', secret: true } } }`
const rotator = (name: string, more = '') => `{
  name: '${name}', description: 'Some.', inputs: true, state: ${schema}, outputs: ${schema},
  open: (state) => state, target: () => undefined, async plan() { return { steps: [] } }, async rotate() {},
  async reconcile() { return { kind: 'undone', reason: 'none' } }, ${more}
}`
const provider = (name: string) =>
  `{ name: '${name}', description: 'Some.', inputs: true, outputs: true, async open() { return 1 } }`

describe('loadPlugins()', () => {
  let root: string
  let store: string

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'esc-plugins-')))
    store = join(root, 'repository', 'environments')
    mkdirSync(store, { recursive: true })
    writeFileSync(join(store, 'esc.yaml'), 'version: 1\n')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  function install(
    name: string,
    files: Readonly<Record<string, string>>,
    about: object = { exports: './index.mjs' },
    at = join(root, 'repository'),
  ): string {
    const folder = join(at, 'node_modules', name)
    for (const [file, text] of Object.entries({ 'package.json': JSON.stringify({ name, ...about }), ...files })) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    return folder
  }
  const plugin = (content: string) => ({ 'index.mjs': `export default { contract: 1, ${content} }` })
  const consent: (wanted: readonly string[]) => Promise<void> = async () => {}
  const load = (...names: string[]) =>
    loadPlugins(
      names.map((name, index) => ({ name, at: `esc.yaml:${index + 2}` })),
      { store, folders: [store, join(root, 'elsewhere')] },
      { consent, snapshots: join(root, 'state', 'plugins') },
    )

  /** What the plugin is refused with. */
  async function refusal(files: Readonly<Record<string, string>>, about?: object): Promise<string> {
    install('esc-rotator-x', files, about)
    const { code, message, hint } = await failure(load('esc-rotator-x'))
    expect(message).to.match(/^esc\.yaml:2: plugin esc-rotator-x /)
    expect(hint).to.be.a('string')
    return `${code}: ${message.replace('esc.yaml:2: plugin esc-rotator-x ', '')}`
  }

  it('loads ES modules and CommonJS, by every way in which a package names its entry', async () => {
    const cjs = (name: string) => `module.exports = { contract: 1, rotators: [${rotator(name)}] }`
    const esm = (name: string) => `export default { contract: 1, rotators: [${rotator(name)}] }`
    install('a', { 'index.js': cjs('of-index') }, {})
    install('b', { 'lib/main.js': cjs('of-main') }, { main: 'lib/main' })
    install('c', { 'c.mjs': esm('of-import') }, { exports: { '.': { import: './c.mjs', require: './none.cjs' } } })
    install('d', { 'd.js': esm('of-default') }, { type: 'module', exports: { node: { default: './d.js' } } })
    const transpiled = `exports.__esModule = true; exports.default = { contract: 1, rotators: [${rotator('of-ts')}] }`
    install('@scope/e', { 'e.cjs': transpiled }, { exports: { '.': './e.cjs', './more': './more.js' } })
    const { rotators, providers } = await load('a', 'b', 'c', 'd', '@scope/e')
    expect([...rotators.keys()]).to.deep.equal(['of-index', 'of-main', 'of-import', 'of-default', 'of-ts'])
    expect(providers.size).to.equal(0)
  })

  it('looks from the store upwards, then from the current folder, and follows links', async () => {
    install('near', plugin(`providers: [${provider('near')}]`), undefined, store)
    install('near', plugin(`providers: [${provider('far')}]`))
    install('current', plugin(`providers: [${provider('current')}]`), undefined, join(root, 'elsewhere'))
    const real = install('linked', plugin(`providers: [${provider('linked')}]`), undefined, join(root, 'workspaces'))
    symlinkSync(real, join(root, 'repository', 'node_modules', 'linked'))
    const { providers } = await load('near', 'current', 'linked')
    expect([...providers.keys()]).to.deep.equal(['near', 'current', 'linked'])
  })

  it('refuses a package that is not there, and says where to install it', async () => {
    const { code, message, hint } = await failure(load('esc-rotator-x'))
    expect({ code, message }).to.deep.equal({
      code: 'not_found',
      message: 'esc.yaml:2: plugin esc-rotator-x is not installed',
    })
    expect(hint).to.equal(`run "npm install esc-rotator-x" in ${store} or a folder above it`)
  })

  it('refuses what is not the name of a package: a path would run what lies in the repository', async () => {
    for (const name of ['./x', '../x', '/tmp/x', 'a/b/c', 'https://x', '', '.', 'A B', 'node:fs']) {
      const { code, message } = await failure(load(name))
      expect({ code, message }).to.deep.equal({
        code: 'invalid_input',
        message: `esc.yaml:2: plugin ${JSON.stringify(name)} is not the name of an npm package`,
      })
    }
  })

  it('refuses a package that came with git, as files or as a link; not one that was installed', async () => {
    const repository = join(root, 'repository')
    const git = (...words: string[]) => execFileSync('git', words, { cwd: repository, stdio: 'pipe' })
    git('init', '-q')
    install('esc-rotator-x', plugin(`providers: [${provider('x')}]`))
    expect((await load('esc-rotator-x')).providers.size, 'installed').to.equal(1)
    git('add', '-f', 'node_modules/esc-rotator-x/index.mjs')
    const says = `invalid_input: came with git, in ${repository}, and is not run`
    const refused = async (name: string) => {
      const { code, message } = await failure(load(name))
      return `${code}: ${message.replace(/^esc\.yaml:2: plugin \S+ /, '')}`
    }
    expect(await refused('esc-rotator-x')).to.equal(says)

    const real = install('y', plugin(`providers: [${provider('y')}]`), undefined, join(root, 'elsewhere'))
    symlinkSync(real, join(repository, 'node_modules', 'y'))
    expect((await load('y')).providers.size, 'a link that is not committed').to.equal(1)
    git('add', '-f', 'node_modules/y')
    expect(await refused('y')).to.equal(says)
  })

  it('refuses a package without an entry, and one that leads out of itself', async () => {
    expect(await refusal({}, {})).to.match(/^invalid_input: cannot be loaded: .*package\.json names no file/)
    writeFileSync(join(root, 'outside.mjs'), 'export default {}')
    expect(await refusal({}, { exports: '../../../outside.mjs' })).to.include('names no file')
    expect(await refusal({ 'package.json': '{' })).to.match(/package\.json is not JSON$/)
  })

  it('refuses a module that throws, with one line of what it says', async () => {
    expect(await refusal({ 'index.mjs': `throw new Error('no luck\\nat line 3')` })).to.equal(
      'provider_failed: cannot be loaded: no luck',
    )
  })

  it('refuses a module whose own imports are missing', async () => {
    expect(await refusal({ 'index.mjs': `import 'not-there-at-all'` })).to.match(/^provider_failed: .*not-there-at-all/)
  })

  const whole = rotator('x')
  const wrong: Record<string, readonly [content: string, says: RegExp]> = {
    'another version': ['export default { contract: 2, rotators: [] }', /for version 2 .* this esc knows version 1$/],
    'no version': [`export default { rotators: [${whole}] }`, /does not say `contract: 1`$/],
    'no default export': ['export const rotators = []', /its default export is not an object$/],
    'nothing in it': ['export default { contract: 1 }', /neither rotators nor providers$/],
    'a misspelt part': ['export default { contract: 1, rotator: [] }', /has "rotator", which is not a part/],
    'no list': ['export default { contract: 1, rotators: {} }', /`rotators` is not a list$/],
    'a missing method': [
      `export default { contract: 1, rotators: [{ ...${whole}, reconcile: undefined }] }`,
      /rotators\[0\] \("x"\) has no method reconcile$/,
    ],
    'a retire that is none': [
      `export default { contract: 1, rotators: [{ ...${whole}, retire: true }] }`,
      /has a retire that is not a method$/,
    ],
    'a name that nobody could write': [`export default { contract: 1, rotators: [${rotator('My Key')}] }`, /my-vendor/],
    'no schema': [
      `export default { contract: 1, rotators: [{ ...${whole}, state: undefined }] }`,
      /has no schema state$/,
    ],
    'a misspelt keyword of a schema': [
      `export default { contract: 1, rotators: [{ ...${whole}, state: { properties: { token: { secrt: true } } } }] }`,
      /schema state\.properties\.token with "secrt"/,
    ],
    'an unknown type': [
      `export default { contract: 1, providers: [{ ...${provider('p')}, inputs: { type: 'integer' } }] }`,
      /providers\[0\] \("p"\) has a schema inputs of type "integer"/,
    ],
    'a reference to nothing': [
      `export default { contract: 1, rotators: [{ ...${whole}, inputs: { $ref: '#/$defs/none' } }] }`,
      /schema inputs that cannot be used: unknown subschema/,
    ],
    'a keyword of the wrong kind': [
      `export default { contract: 1, rotators: [{ ...${whole}, inputs: { required: 'x' } }] }`,
      /schema inputs that cannot be used/,
    ],
    'a schema that holds itself': [
      `const s = {}; s.items = s; export default { contract: 1, rotators: [{ ...${whole}, inputs: s }] }`,
      /nested too deeply$/,
    ],
    'a name twice': [`export default { contract: 1, rotators: [${whole}, ${whole}] }`, /has the name of another$/],
  }
  for (const [what, [content, says]] of Object.entries(wrong)) {
    it(`refuses a plugin with ${what}`, async () => {
      expect(await refusal({ 'index.mjs': content }))
        .to.match(/^invalid_input: cannot be used: /)
        .and.match(says)
    })
  }

  it('refuses to replace what is built in', async () => {
    install('bad', plugin(`rotators: [${rotator('postgres')}]`))
    install('worse', plugin(`providers: [${provider('aws-login')}]`))
    expect((await failure(load('bad'))).message).to.equal(
      'esc.yaml:2: plugin bad brings a rotator postgres, which is built in',
    )
    expect((await failure(load('worse'))).message).to.equal(
      'esc.yaml:2: plugin worse brings a provider aws-login, which is built in',
    )
  })

  it('refuses two plugins that bring the same name; a rotator and a provider may share one', async () => {
    install('one', plugin(`rotators: [${rotator('x')}], providers: [${provider('x')}]`))
    install('two', plugin(`rotators: [${rotator('x')}]`))
    expect((await load('one')).providers.size).to.equal(1)
    const { code, message } = await failure(load('one', 'two'))
    expect({ code, message }).to.deep.equal({
      code: 'already_exists',
      message: 'esc.yaml:3: plugins one and two both bring a rotator x',
    })
  })
})
