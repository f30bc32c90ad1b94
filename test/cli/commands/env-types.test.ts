import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground, packageRoot } from './esc.ts'

const CANARY = 'Kq7xV2pZ9canary4T'

const base = `values:
  region: eu-west-1
  shared: {fn::secret: ${CANARY}}
  login: {fn::open::aws-login: {static: {accessKeyId: AKIA, secretAccessKey: {fn::secret: ${CANARY}}}}}
`
const definition = `imports: [app/base]
values:
  port: 8080
  debug: true
  nothing: null
  "a key": 1
  hosts: [a, b, 3]
  empty: {}
  database:
    host: db.example.com
    password: {fn::secret: ${CANARY}}
    url: "postgres://app:\${database.password}@\${database.host}/"
    all: {fn::fromJSON: {fn::secret: '{"user": "${CANARY}"}'}}
  token: {fn::rotate::password: {inputs: {length: 20}}}
  key: \${login.secretAccessKey}
  line: "x\${login.accessKeyId}"
`

const module = `// Generated from the environment app/dev: do not edit.
import type { PlainObject, Secret } from '@gitesc/cli'

/** Values of app/dev. */
export type AppDev = {
  readonly "a key": number
  readonly database: {
    readonly all: Secret
    readonly host: string
    readonly password: Secret<string>
    readonly url: Secret<string>
  }
  readonly debug: boolean
  readonly empty: PlainObject
  readonly hosts: readonly (string | number)[]
  readonly key: Secret<string>
  readonly line: string | Secret<string>
  readonly login: {
    readonly accessKeyId: string
    readonly secretAccessKey: Secret<string>
    readonly sessionToken: Secret<string>
  } & PlainObject
  readonly nothing: null
  readonly port: number
  readonly region: string
  readonly shared: Secret<string>
  readonly token: {
    readonly current: Secret<string>
    readonly previous?: Secret<string>
  }
}
`

/** A program that uses the types: each line with an error is marked so. */
const program = `import { openStore, type Secret } from '@gitesc/cli'
import type { AppDev } from './app-dev.js'
const env = await (await openStore()).open('app/dev')
const values = env.values as AppDev
export const port: number = values.port
export const password: Secret<string> = values.database.password
export const region: string = values.region
export const text: string = values.database.password.reveal()
// @ts-expect-error: a secret is no text
export const shown: string = values.database.password
// @ts-expect-error: it may be a secret
export const line: string = values.line
// @ts-expect-error: there is none
export const none = values.database.pasword
`

describe('esc env types', function () {
  this.timeout(60_000)
  let playground: Playground
  before(async () => {
    playground = await new Playground().withEnvironment('app/base', base)
    await playground.withEnvironment('app/dev', definition)
  })
  after(() => playground.remove())

  it('writes what programs get, secrets as secrets, and the same text each time', async () => {
    const text = await playground.ok('env', 'types', 'app/dev')
    expect(text).to.equal(module)
    expect(await playground.ok('env', 'types', 'app/dev')).to.equal(text)
    expect(text).to.not.include(CANARY)
  })

  it('writes the same for an importer, and after rotations', async () => {
    await playground.withEnvironment('app/importer', 'imports: [app/dev]\nvalues: {}\n')
    const imported = await playground.ok('env', 'types', 'app/importer')
    expect(imported).to.include('readonly current: Secret<string>\n    readonly previous?: Secret<string>')
    for (let i = 0; i < 2; i++) await playground.ok('env', 'rotate', 'app/dev', '--force')
    expect(await playground.ok('env', 'types', 'app/dev')).to.equal(module)
    expect(await playground.ok('env', 'types', 'app/importer')).to.equal(imported)
  })

  it('compiles against the library, and refuses what is wrong', async () => {
    const folder = join(playground.folder, 'program')
    mkdirSync(join(folder, 'node_modules', '@gitesc'), { recursive: true })
    symlinkSync(packageRoot, join(folder, 'node_modules', '@gitesc', 'cli'))
    expect(await playground.ok('env', 'types', 'app/dev', '--out', 'program/app-dev.ts')).to.include('Wrote')
    writeFileSync(join(folder, 'main.ts'), program)
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--types',
      '',
      '--skipLibCheck',
    ]
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, 'main.ts'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(stdout).to.equal('')
    expect(status).to.equal(0)
  })

  it('leaves a file that is up to date as it is', async () => {
    const file = join(playground.folder, 'types.ts')
    await playground.ok('env', 'types', 'app/dev', '--out', file)
    utimesSync(file, 1, 1)
    expect(await playground.ok('env', 'types', 'app/dev', '--out', file)).to.include('is up to date')
    expect(statSync(file).mtimeMs).to.equal(1000)
    expect(readFileSync(file, 'utf8')).to.equal(module)
    const { code, err } = await playground.run(['env', 'types', 'app/dev', '--out', 'no/such/types.ts'])
    expect(code).to.equal(1)
    expect(err).to.include('no/such/types.ts').and.include('hint:')
  })

  it('names the mistakes of a definition instead, and writes no file', async () => {
    await playground.withEnvironment('app/other', 'values: {other: 1}\n')
    await playground.withEnvironment('app/broken', 'imports: [app/other]\nvalues: {a: "${other}"}\n')
    await playground.run(['env', 'edit', 'app/other', '--file', '-'], { input: 'values: {}\n' })
    const { code, err, out } = await playground.run(['env', 'types', 'app/broken', '--out', 'broken.ts'])
    expect(code).to.equal(1)
    expect(out).to.equal('')
    expect(err).to.include('unknown property "other"')
  })
})

describe('esc env schema', () => {
  it('prints the JSON Schema of definitions, with what plugins bring', async () => {
    const playground = new Playground()
    try {
      const schema = JSON.parse(await playground.ok('env', 'schema'))
      expect(schema.$schema).to.equal('https://json-schema.org/draft/2020-12/schema')
      expect(schema.$defs.call.properties).to.include.keys('fn::secret', 'fn::open::aws-login', 'fn::rotate::postgres')
      expect(await playground.ok('env', 'schema', '--out', 'schema.json')).to.include('Wrote schema.json')
      expect(JSON.parse(readFileSync(join(playground.folder, 'schema.json'), 'utf8'))).to.deep.equal(schema)
    } finally {
      playground.remove()
    }
  })
})
