import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from '../end-to-end/program.ts'

const run = promisify(execFile)

describe('the library as it is installed', function () {
  this.timeout(60_000)
  let program: Program
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init')
    await program.withEnvironment(
      'app/dev',
      'values: {password: {fn::secret: hunter2-canary}, pulumiConfig: {"app:token": {fn::secret: t0ken-canary}}}\n',
    )
    const scope = join(program.folder, 'node_modules', '@gitesc')
    mkdirSync(scope, { recursive: true })
    symlinkSync(packageRoot, join(scope, 'cli'))
  })
  after(() => program?.remove())

  /** Runs a program that uses it, and returns what it printed on both streams. */
  async function node(name: string, text: string): Promise<string> {
    const file = join(program.folder, name)
    writeFileSync(file, text)
    const env = { ...process.env, ...program.env, NODE_OPTIONS: '' }
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: program.folder, env })
    return stdout + stderr
  }

  it('is one module, for import and for require', async () => {
    const printed = await node(
      'both.mjs',
      `import { createRequire } from 'node:module'
       import * as imported from '@gitesc/cli'
       const required = createRequire(import.meta.url)('@gitesc/cli')
       const store = await imported.openStore()
       const env = await store.open('app/dev')
       const { default: _, ...named } = imported
       console.log(JSON.stringify({
         same: Object.keys(required).every((name) => required[name] === named[name]),
         names: Object.keys(named).sort().join() === Object.keys(required).sort().join(),
         environment: env instanceof required.OpenEnvironment,
         secret: env.get('password') instanceof required.Secret,
         error: await store.open('app/no').catch((error) => error instanceof required.EscError && error.code),
         text: String(env.output('password')) + env.configOf('app').requireSecret('token'),
       }))`,
    )
    expect(JSON.parse(printed)).to.deep.equal({
      same: true,
      names: true,
      environment: true,
      secret: true,
      error: 'not_found',
      text: '[secret][secret]',
    })
  })

  it('loads nothing of a store before one is opened', async () => {
    const printed = await node(
      'lazy.cjs',
      `const before = new Set(Object.keys(require.cache))
       require('@gitesc/cli')
       console.log(JSON.stringify(Object.keys(require.cache).filter((file) => !before.has(file))))`,
    )
    expect(JSON.parse(printed)).to.deep.equal([join(packageRoot, 'dist', 'sdk.cjs')])
  })

  it('hides secrets in what a program writes, an uncaught error among it', async () => {
    const text = `import { installLogMasking, openStore } from '@gitesc/cli'
      const env = await (await openStore()).open('app/dev')
      const masking = installLogMasking(env)
      const password = env.get('password').reveal()
      console.log('it is', password, Buffer.from(password).toString('base64'))
      console.error({ password })
      process.stdout.write(password.slice(0, 6))
      process.stdout.write(password.slice(6) + '\\n', () => console.log('written'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      process.stdout.write('hunter')
      process.on('exit', () => console.log('at the end', password))
      throw new Error('it is still ' + password)`
    const { stdout, stderr, code } = await node('masked.mjs', text).catch((error) => error)
    const printed = stdout + stderr
    expect(code).to.equal(1)
    expect(stderr).to.include('it is still [secret]')
    expect(printed).to.include('it is [secret] [secret]')
    expect(printed).to.include("{ password: '[secret]' }")
    expect(printed).to.include('written')
    expect(printed).not.to.include('hunter2-canary')
  })

  it('shows no secret of an unhandled rejection', async () => {
    const failed = await node(
      'rejected.mjs',
      `import { openStore } from '@gitesc/cli'
       const env = await (await openStore()).open('app/dev')
       env.output('password').apply((text) => { throw new Error(text) })`,
    ).catch((error) => error)
    expect(failed.code).to.equal(1)
    expect(failed.stderr).to.include('HiddenError')
    expect(failed.stderr + failed.stdout).not.to.include('canary')
  })

  it('has types for import and for require', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esc-types-'))
    try {
      mkdirSync(join(folder, 'node_modules', '@gitesc'), { recursive: true })
      symlinkSync(packageRoot, join(folder, 'node_modules', '@gitesc', 'cli'))
      const use = `export const length: Output<number> = secret('x').apply((text) => text.length)
        export const opened = openStore().then((store) => store.open('app/dev'))\n`
      writeFileSync(join(folder, 'a.mts'), `import { openStore, type Output, secret } from '@gitesc/cli'\n${use}`)
      writeFileSync(join(folder, 'b.cts'), `import { openStore, type Output, secret } from '@gitesc/cli'\n${use}`)
      const compiler = { strict: true, noEmit: true, target: 'es2022', types: [], module: 'node16' }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: compiler }))
      const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc')
      const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error)
      expect(stdout).to.equal('')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
