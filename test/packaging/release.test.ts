import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { loadPty } from '../end-to-end/own-terminal.ts'
import { ended, Program } from '../end-to-end/program.ts'
import { findBinary } from '../servers/binary.ts'
import { InEmptyFolder } from './in-empty-folder.ts'

const run = promisify(execFile)
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

/** The address of a server's link or line. */
function printed(child: ReturnType<InEmptyFolder['start']>, pattern: RegExp): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes) => {
        said += bytes
        const [, found] = pattern.exec(said) ?? []
        if (found !== undefined) resolve(found)
      })
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${said}`)))
  })
}

describe('a release', function () {
  this.timeout(1_200_000)
  let release: string
  let installed: InEmptyFolder
  before(async function () {
    if (!process.env.SLOW || !Program.isBuilt() || process.platform !== 'linux') return this.skip()
    release = mkdtempSync(join(tmpdir(), 'esc-release-'))
    try {
      await run(process.execPath, [join(packageRoot, 'packaging', 'release.mjs'), '--out', release])
    } catch (error) {
      const reason = String((error as { stderr?: string }).stderr ?? error)
      if (!reason.includes('cannot be had from the npm registry')) throw error
      console.log(`      skipped: ${reason.trim()}`)
      this.skip()
    }
    // The machine of the tests runs one of them.
    installed = new InEmptyFolder(join(release, `linux-${process.arch}`, 'esc'))
    await installed.ok('init')
    await installed.ok('env', 'init', 'app/dev')
    await installed.ok('env', 'set', 'app/dev', 'password', 'not-a-real-secret', '--secret')
    return undefined
  })
  after(() => {
    installed?.remove()
    if (release !== undefined) rmSync(release, { recursive: true, force: true })
  })

  it('runs where there is no Node, and comes with its code caches', async () => {
    rmSync(join(installed.home, '.cache'), { recursive: true, force: true })
    expect(await installed.ok('version')).to.equal(`${version}\n`)
    await installed.ok('open', 'app/dev')
    await installed.ok('run', 'app/dev', '--', 'sh', '-c', 'true')
    // Its code caches are those of the Node in it: none had to be made.
    expect(existsSync(join(installed.home, '.cache', 'esc'))).to.equal(false)
    const packages = await installed.esc(['version'], { NODE_OPTIONS: '--require=/nonexistent' })
    expect(packages, 'NODE_OPTIONS is for programs of the user').to.include({ code: 0, err: '' })
  })

  it('opens and runs; exit codes and signals arrive', async () => {
    expect(JSON.parse(await installed.ok('open', 'app/dev'))).to.deep.equal({ password: 'not-a-real-secret' })
    expect(await installed.ok('run', 'app/dev', '--', 'sh', '-c', 'echo ${password}')).to.equal('[secret]\n')
    expect((await installed.esc(['run', 'app/dev', '--', 'sh', '-c', 'exit 7'])).code).to.equal(7)
    expect((await installed.esc(['run', 'app/dev', '--', 'sh', '-c', 'kill -TERM $$'])).code).to.equal(143)
    const unknown = await installed.esc(['nosuch'])
    expect(unknown.code).to.equal(2)
    expect(unknown.err).to.match(/^Error: unknown command "nosuch" for "esc"\nhint: /)
    const waiting = installed.start(['run', 'app/dev', '--', 'sh', '-c', 'echo up; exec sleep 60'])
    waiting.stdout?.once('data', () => waiting.kill('SIGTERM'))
    expect(await ended(waiting))
      .to.include({ out: 'up\n' })
      .and.to.satisfy(
        ({ code, signal }: { code: number | null; signal: string | null }) => code === 143 || signal === 'SIGTERM',
      )
  })

  it('rotates the example store', async () => {
    const store = join(installed.folder, 'example', 'environments')
    cpSync(join(packageRoot, 'environments'), store, { recursive: true })
    const env = { ESC_STORE: store }
    const first = await installed.esc(['env', 'rotate', 'rotators/ci'], env)
    expect(first).to.include({ code: 0 })
    expect(first.out).to.include("New revision '2' was created.")
    const { out } = await installed.esc(['env', 'open', 'rotators/ci', 'deploy.token'], env)
    expect(JSON.parse(out).current).to.be.a('string')
  })

  it('knows its help and its completion', async () => {
    expect(await installed.ok('--help')).to.include('USAGE')
    expect(await installed.ok('env', 'rotate', '--help')).to.include('esc env rotate rotators/ci')
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(await installed.ok('completion', shell)).to.include('esc __complete')
    expect(await installed.ok('__complete', '--names', '--word=rotato')).to.equal('rotators\n')
  })

  it('serves the API and the console', async () => {
    const token = (await installed.ok('server', 'token', 'create', '--user', 'ada@example.com', '--admin')).trim()
    const server = installed.start(['server', 'start', '--listen', '127.0.0.1:0'])
    const url = await printed(server, /listening on (\S+)/)
    const answer = await fetch(`${url}/api/user`, { headers: { authorization: `token ${token}` } })
    expect(answer.status).to.equal(200)
    server.kill('SIGTERM')
    expect(await ended(server)).to.include({ code: 0 })

    const ui = installed.start(['ui', '--no-open'])
    const link = await printed(ui, /(http:\S+)\n/)
    const page = await (await fetch(new URL('/', link))).text()
    const [, script] = /<script[^>]* src="([^"]+)"/.exec(page) ?? []
    expect((await fetch(new URL(script ?? '', link))).status, page).to.equal(200)
    ui.kill('SIGTERM')
    await ended(ui)
  })

  it('names itself where something else starts it', async () => {
    const unit = await installed.ok('scheduler', 'install', '--cron')
    expect(unit).to.include(`${join(release, `linux-${process.arch}`, 'esc')} scheduler tick`)
    expect(unit).to.not.include('node')
  })

  it('loads plugins: ES modules that import what the executable has for them', async () => {
    const { folder } = installed
    const module = join(folder, 'node_modules', 'esc-greeting')
    mkdirSync(module, { recursive: true })
    writeFileSync(
      join(module, 'package.json'),
      JSON.stringify({ name: 'esc-greeting', version: '1.0.0', type: 'module', exports: './index.js' }),
    )
    writeFileSync(
      join(module, 'index.js'),
      `import { EscError } from '@gitesc/cli/plugin'
await null
export default { contract: 1, providers: [{
  name: 'greeting', description: 'Greets.', inputs: { type: 'object' }, outputs: { type: 'object' },
  async open() { return { hello: typeof EscError } },
}] }
`,
    )
    const settings = join(folder, 'environments', 'esc.yaml')
    writeFileSync(settings, `${readFileSync(settings, 'utf8')}plugins: [esc-greeting]\n`)
    await installed.ok('trust', '--yes')
    writeFileSync(join(folder, 'greeting.yaml'), 'values: {greeting: {fn::open::greeting: {}}}\n')
    await installed.ok('env', 'init', 'app/greeting', '--file', 'greeting.yaml')
    for (let time = 0; time < 2; time++)
      expect(JSON.parse(await installed.ok('open', 'app/greeting', 'greeting'))).to.deep.equal({ hello: 'function' })
  })

  it('gives programs a terminal of their own', async function () {
    const pty = await loadPty()
    if (pty === undefined) return this.skip()
    const { folder, env } = installed
    // From the folder for temporary files of the tests, no program may be run on some machines.
    const temporary = mkdtempSync('/var/tmp/esc-terminal-')
    const words = ['run', 'app/dev', '--', 'sh', '-c', 'test -t 0 && test -t 1 && tty']
    const terminal = pty.spawn(join(release, `linux-${process.arch}`, 'esc'), words, {
      cwd: folder,
      env: { ...env, TERM: 'xterm', TMPDIR: temporary },
    })
    const own = (terminal as unknown as { readonly ptsName: string }).ptsName
    let screen = ''
    terminal.onData((text) => {
      screen += text
    })
    const code = await new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)))
    expect(code, screen).to.equal(0)
    expect(screen).to.match(/\/dev\/pts\/\d+/)
    expect(/\/dev\/pts\/\d+/.exec(screen)?.[0]).to.not.equal(own)
    expect(readdirSync(temporary), 'its native part was taken away').to.deep.equal([])
    rmSync(temporary, { recursive: true })
    return undefined
  })

  it('uses no code cache that somebody else could have written', async () => {
    const cache = join(installed.home, '.cache', 'esc')
    mkdirSync(cache, { recursive: true, mode: 0o700 })
    await installed.ok('env', 'rotate', '--help')
    const names = readdirSync(cache).filter((name) => name.endsWith('.cache'))
    expect(names).to.not.deep.equal([])
    expect(statSync(cache).mode & 0o077).to.equal(0)
    for (const name of names) writeFileSync(join(cache, name), 'no cache')
    for (const name of names) chmodSync(join(cache, name), 0o666)
    expect(await installed.ok('env', 'rotate', '--help')).to.include('USAGE')
  })

  it('is built for arm64 as well', () => {
    const program = readFileSync(join(release, 'linux-arm64', 'esc'))
    expect(program.subarray(0, 5).toString('latin1')).to.equal('\x7fELF\x02')
    expect(program.readUInt16LE(18), 'e_machine: AArch64').to.equal(183)
    expect(
      program.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1'),
      'told that there is a program',
    ).to.equal(true)
    expect(program.includes(readFileSync(join(packageRoot, 'dist', 'cli.cjs'))), 'with the bundles').to.equal(true)
    expect(statSync(join(release, 'linux-arm64', 'esc')).mode & 0o777).to.equal(0o755)
  })

  it('has a tarball for each architecture, and sums of all files', async () => {
    await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release })
    const sums = readFileSync(join(release, 'SHA256SUMS'), 'utf8')
    expect(
      sums
        .trim()
        .split('\n')
        .map((line) => line.split('  ')[1])
        .sort(),
    ).to.deep.equal(
      [
        `esc-${version}-linux-arm64.tar.gz`,
        `esc-${version}-linux-x64.tar.gz`,
        `gitesc-cli-${version}.tgz`,
        'gitesc.rb',
        `gitesc_${version}_amd64.deb`,
        `gitesc_${version}_arm64.deb`,
      ].sort(),
    )
    const name = `esc-${version}-linux-${process.arch}`
    await run('tar', ['-xzf', join(release, `${name}.tar.gz`), '-C', installed.folder])
    expect((await run(join(installed.folder, name, 'esc'), ['version'])).stdout).to.equal(`${version}\n`)
    for (const file of ['LICENSE', 'NOTICE', 'LICENSE-node.txt', 'third-party-licences.txt', 'man/man1/esc.1'])
      expect(existsSync(join(installed.folder, name, file)), file).to.equal(true)
  })

  it('has a formula for Homebrew with the digest of the package', async function () {
    const formula = readFileSync(join(release, 'gitesc.rb'), 'utf8')
    const digest = createHash('sha256')
      .update(readFileSync(join(release, `gitesc-cli-${version}.tgz`)))
      .digest('hex')
    expect(formula).to.include(`sha256 "${digest}"`)
    expect(formula).to.include(`url "https://registry.npmjs.org/@gitesc/cli/-/cli-${version}.tgz"`)
    expect(/desc "(.*)"/.exec(formula)?.[1]?.length).to.be.within(10, 80)
    const ruby = findBinary('ruby')
    if (ruby === undefined) {
      console.log('      skipped: ruby is not installed')
      return this.skip()
    }
    expect((await run(ruby, ['-c', join(release, 'gitesc.rb')])).stdout).to.equal('Syntax OK\n')
    return undefined
  })

  it('has a package that dpkg installs, and whose program runs', async function () {
    if (findBinary('dpkg') === undefined || process.getuid?.() !== 0) {
      console.log('      skipped: dpkg is not installed, or this is not root')
      return this.skip()
    }
    const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64']
    const file = join(release, `gitesc_${version}_${arch}.deb`)
    const field = async (name: string) => (await run('dpkg-deb', ['--field', file, name])).stdout.trim()
    expect(await field('Version')).to.equal(version)
    expect(await field('Architecture')).to.equal(arch)
    const { stdout: contents } = await run('dpkg-deb', ['--contents', file])
    for (const line of contents.trim().split('\n')) {
      expect(line).to.match(/^(?:d.{9}|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) root\/root /)
      expect(line).to.match(/ \.\/(?:usr\/.*)?$/)
    }
    const target = join(installed.folder, 'system')
    mkdirSync(join(target, 'var/lib/dpkg/updates'), { recursive: true })
    mkdirSync(join(target, 'var/lib/dpkg/info'))
    for (const name of ['status', 'available']) writeFileSync(join(target, 'var/lib/dpkg', name), '')
    // The libraries that it depends on are those of this system.
    await run('dpkg', [`--root=${target}`, '--force-depends', '--no-triggers', '--install', file])
    await run('md5sum', ['--check', '--quiet', join(target, 'var/lib/dpkg/info/gitesc.md5sums')], { cwd: target })
    for (const name of ['esc', 'gitesc']) {
      const program = new InEmptyFolder(join(target, 'usr/bin', name))
      expect(await program.ok('version')).to.equal(`${version}\n`)
      program.remove()
    }
    const manual = gunzipSync(readFileSync(join(target, 'usr/share/man/man1/esc-env-rotate.1.gz'))).toString()
    expect(manual).to.match(/^\.TH ESC-ENV-ROTATE 1/)
    const scripts = {
      bash: 'bash-completion/completions/esc',
      zsh: 'zsh/vendor-completions/_esc',
      fish: 'fish/vendor_completions.d/esc.fish',
    }
    for (const [shell, script] of Object.entries(scripts))
      if (findBinary(shell) !== undefined) await run(shell, ['-n', join(target, 'usr/share', script)])
    await run('dpkg', [`--root=${target}`, '--remove', 'gitesc'])
    expect(existsSync(join(target, 'usr/bin/esc'))).to.equal(false)
    return undefined
  })
})
