import { execFile } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from './program.ts'

const fixture = join(packageRoot, 'test', 'fixtures', 'esc-rotator-example')

interface ExampleService {
  readonly tokens: Map<string, string>
  readonly adminToken: string
  readonly url: string
  before: () => void
  after: () => void
  start(): Promise<ExampleService>
  stop(): Promise<void>
}

describe('a plugin', function () {
  this.timeout(30_000)
  let program: Program
  let installed: string
  let service: ExampleService

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    program = new Program()
    await program.ok('init')
    installed = join(program.folder, 'node_modules', 'esc-rotator-example')
    mkdirSync(join(program.folder, 'node_modules'))
    cpSync(fixture, installed, { recursive: true })
    // What its peer dependency resolves to: a second copy of Secret and EscError beside that of the
    // program.
    mkdirSync(join(program.folder, 'node_modules', '@gitesc'))
    symlinkSync(packageRoot, join(program.folder, 'node_modules', '@gitesc', 'cli'))
    appendFileSync(join(program.store, 'esc.yaml'), 'plugins:\n  - esc-rotator-example\n')
    await program.ok('trust', '--yes')
    const module: { ExampleService: new () => ExampleService } = await import(
      pathToFileURL(join(fixture, 'service.js')).href
    )
    service = await new module.ExampleService().start()
  })
  afterEach(async () => {
    await service?.stop()
    program.remove()
  })

  const definition = () =>
    JSON.stringify({
      values: {
        api: {
          'fn::rotate::example-token': {
            inputs: { url: service.url, adminToken: { 'fn::secret': service.adminToken } },
          },
        },
        account: {
          'fn::open::example-account': { url: service.url, token: '${api.current.token}' },
        },
      },
    })

  it('rotates through the built program, a token before and after valid, none in the clear', async () => {
    await program.withEnvironment('shop/api', definition())
    const seen: string[] = []
    for (let round = 0; round < 3; round++) {
      const { code, out, err } = await program.esc(['env', 'rotate', 'shop/api', '--force'])
      expect({ code, err }).to.deep.equal({ code: 0, err: '' })
      expect(out).to.match(/^Environment 'shop\/api' rotated\./)
      const { api, account } = await program.open('shop/api')
      expect(service.tokens.get(api.current.id)).to.equal(api.current.token)
      expect(api.previous?.token).to.equal(seen.at(-1))
      if (api.previous) expect(service.tokens.get(api.previous.id)).to.equal(api.previous.token)
      expect(account).to.deep.equal({ account: 'shop', recoveryCode: 'r3covery-c0de' })
      seen.push(api.current.token)
    }
    expect(service.tokens.size, 'the one before the previous is retired').to.equal(2)
    const shown = await program.esc(['env', 'get', 'shop/api'])
    expect(shown.code).to.equal(0)
    const definitionNow = readFileSync(join(program.store, 'shop/api/environment.yaml'), 'utf8')
    for (const token of seen) expect(`${shown.out}${definitionNow}`).to.not.include(token)
  })

  it('checks its credentials, and says what it would do', async () => {
    await program.withEnvironment('shop/api', definition())
    const plan = await program.esc(['env', 'rotate', 'shop/api', '--plan'])
    expect(plan.out).to.include(`a token at ${service.url}`)
    await program.esc(['env', 'rotate', 'shop/api'])
    const doctor = await program.esc(['env', 'rotate', 'doctor', 'shop/api'])
    expect(doctor.code, doctor.err).to.equal(0)
  })

  it('is finished where it was cut off', async () => {
    await program.withEnvironment('shop/api', definition())
    let messages = 0
    let running: ReturnType<Program['start']>
    // Killed when the token has been made and its answer is on the way.
    service.after = () => {
      if (++messages === 2) running.kill('SIGKILL')
    }
    running = program.start(['env', 'rotate', 'shop/api'])
    await new Promise((resolve) => running.on('close', resolve))
    const [[id, token] = []] = [...service.tokens]
    service.after = () => {}
    const resumed = await program.esc(['env', 'rotate', 'shop/api', '--resume'])
    expect(resumed.code, resumed.err).to.equal(0)
    expect((await program.open('shop/api', 'api')).current).to.deep.equal({ id, token })
  })

  it('is retried when its service fails for a moment, and its hint is shown when it fails for good', async () => {
    await program.withEnvironment('shop/api', definition())
    let failures = 1
    service.before = () => {
      if (failures-- > 0) throw new Error('out of order')
    }
    const begun = Date.now()
    const retried = await program.esc(['env', 'rotate', 'shop/api'])
    expect(retried.code, retried.err).to.equal(0)
    expect(Date.now() - begun).to.be.within(1_000, 15_000)
    appendFileSync(join(program.store, 'esc.yaml'), 'rotationRetries: 0\n')
    failures = 1
    const failed = await program.esc(['env', 'rotate', 'shop/api', '--force'])
    expect(failed.code).to.equal(1)
    expect(failed.err).to.include('hint: api: check `url`, and the network')
  })

  it('does not run when what it brings is not asked for', async () => {
    writeFileSync(
      join(installed, 'index.js'),
      `import { writeFileSync } from 'node:fs'\nwriteFileSync('ran', '')\nthrow new Error('no')`,
    )
    await program.ok('trust', '--yes')
    await program.withEnvironment(
      'shop/plain',
      JSON.stringify({ values: { a: { 'fn::secret': 'x' }, p: { 'fn::rotate::password': { inputs: {} } } } }),
    )
    expect((await program.esc(['env', 'rotate', 'shop/plain'])).code).to.equal(0)
    expect((await program.open('shop/plain')).a).to.equal('x')
    expect(existsSync(join(program.folder, 'ran'))).to.equal(false)
    const asked = await program.run(['env', 'init', 'shop/api', '--file', '-'], { input: definition() })
    expect(asked.out + asked.err)
      .to.include('esc.yaml')
      .and.include('plugin esc-rotator-example cannot be loaded: no')
    expect(existsSync(join(program.folder, 'ran')) || existsSync('ran')).to.equal(true)
    rmSync('ran', { force: true })
  })

  it('is named, with its line, when it is missing, and its names are suggested', async () => {
    const misspelt = definition().replace('example-token', 'example-tokem')
    const suggested = await program.run(['env', 'init', 'shop/api', '--file', '-'], { input: misspelt })
    expect(suggested.out + suggested.err).to.include('unknown rotator "example-tokem"')
    rmSync(installed, { recursive: true })
    const missing = await program.run(['env', 'init', 'shop/other', '--file', '-'], { input: definition() })
    const lines = readFileSync(join(program.store, 'esc.yaml'), 'utf8').trimEnd().split('\n').length
    expect(missing.out + missing.err).to.include(`esc.yaml:${lines}: plugin esc-rotator-example is not installed`)
  })

  it('passes the testkit, as its author runs it', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', 'contract.test.js'], {
      cwd: installed,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    expect(stdout)
      .to.match(/^# pass 17$/m)
      .and.match(/^# fail 0$/m)
  })

  it('type-checks against @gitesc/cli/plugin and @gitesc/cli/testkit', async () => {
    writeFileSync(
      join(installed, 'typed.ts'),
      `import { EscError, secret, type Plugin, type Rotator, type Secret } from '@gitesc/cli/plugin'
import { contract, type Subject } from '@gitesc/cli/testkit'
interface State { readonly current: Secret<string> }
const rotator: Rotator<{ url: string }, State, State> = {
  name: 'x', description: 'x', inputs: true, state: true, outputs: true,
  open: (state) => state && { current: state.current },
  target: ({ url }) => url,
  async plan() { return { steps: [] } },
  async rotate(_plan, _request, stage) { await stage({ current: secret('x') }) },
  async reconcile(pending) {
    if (Math.random() > 1) throw new EscError('provider_failed', 'no', { transient: true })
    return { kind: 'rotated', state: pending }
  },
}
export default { contract: 1, rotators: [rotator] } satisfies Plugin
export const cases = (subject: Subject<{ url: string }, State, State, { steps: [] }>) => contract(subject)
// @ts-expect-error
export const wrong: Plugin = { contract: 2 }
`,
    )
    const compiler = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const words = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', 'false']
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, ...words, 'typed.ts'], {
      cwd: installed,
    }).catch((error) => error)
    expect(stdout).to.equal('')
  })
})
