import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect } from 'chai'
import { Playground, packageRoot } from './esc.ts'

const program = join(packageRoot, 'bin', 'run.cjs')

const DEFINITION = `values:
  greeting: hello
  token: {fn::secret: hunter2-hunter2}
  environmentVariables: {TOKEN: '\${token}', GREETING: '\${greeting}'}
  files: {SETTINGS: 'token=\${token}'}
`

/** Says which bundles and modules of Node a run of the program has loaded. */
const HOOK = `
const fs = require('node:fs')
const { readFileSync } = fs
const before = new Set(process.moduleLoadList)
const bundles = []
fs.readFileSync = (path, ...more) => {
  const bundle = /[/]dist[/]([a-z]+[.]cjs)$/.exec(String(path))
  if (bundle) bundles.push(bundle[1])
  return readFileSync(path, ...more)
}
process.on('exit', () => {
  const loaded = process.moduleLoadList.filter((name) => !before.has(name))
  const builtins = loaded.flatMap((name) => /^NativeModule ([a-z_]+)$/.exec(name)?.[1] ?? [])
  fs.writeSync(2, '\\n' + JSON.stringify({ bundles, builtins }) + '\\n')
})
`

describe('the built esc', function () {
  this.timeout(60_000)
  const playground = new Playground()
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...inherited } = process.env
  const env = { ...inherited, ...playground.env }

  function esc(words: readonly string[], options: SpawnSyncOptions = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
      cwd: playground.folder,
      env,
      ...options,
    })
    return { status, out: String(stdout), err: String(stderr) }
  }

  before(async function () {
    if (!existsSync(join(packageRoot, 'dist', 'cli.cjs'))) this.skip()
    await playground.withEnvironment('app/dev', DEFINITION)
  })
  after(() => playground.remove())

  it('names a place that takes no value as it was typed, below values', () => {
    const { status, err } = esc(['env', 'set', 'app/dev', 'hosts[3]', 'a'])
    expect(status).to.equal(1)
    expect(err).to.match(/^Error: hosts\[3\]: array index out of range\n/)
  })

  it('runs from a symbolic link, as npm makes one', () => {
    const bin = join(playground.folder, 'bin')
    mkdirSync(bin)
    symlinkSync(program, join(bin, 'esc'))
    const { status, stdout } = spawnSync(join(bin, 'esc'), ['version'], { env })
    expect(String(stdout)).to.equal('0.1.0\n')
    expect(status).to.equal(0)
  })

  it('opens an environment', () => {
    expect(esc(['open', 'app/dev', 'token', '-f', 'string'])).to.deep.equal({
      status: 0,
      out: 'hunter2-hunter2\n',
      err: '',
    })
  })

  it('exits with the code of what went wrong', () => {
    expect(esc(['open', 'app/nope']).status).to.equal(1)
    expect(esc(['opne']).status).to.equal(2)
  })

  it('does not read standard input for an argument that is missing', () => {
    const { status, err } = esc(['open'], { input: 'app/dev\n' })
    expect(status).to.equal(2)
    expect(err).to.include('no environment name specified')
  })

  it('writes a code cache when none came with the build, for the user alone, and survives a damaged one', () => {
    const copy = join(playground.folder, 'package')
    for (const file of ['bin/run.cjs', 'bin/save-caches.cjs', 'dist/cli.cjs', 'package.json']) {
      cpSync(join(packageRoot, file), join(copy, file))
    }
    const home = join(playground.folder, 'cache')
    const version = (...flags: string[]) => {
      const words = [...flags, join(copy, 'bin', 'run.cjs'), 'version']
      return String(spawnSync(process.execPath, words, { env: { ...env, XDG_CACHE_HOME: home } }).stdout)
    }
    expect(version()).to.equal('0.1.0\n')
    const [cache = '', ...more] = readdirSync(join(home, 'esc'))
    expect(cache).to.match(/^cli-version-[0-9a-f]{32}-v[\d.]+-\w+\.cache$/)
    expect(more).to.deep.equal([])
    expect(statSync(join(home, 'esc')).mode & 0o777).to.equal(0o700)
    expect(statSync(join(home, 'esc', cache)).mode & 0o777).to.equal(0o600)
    expect(version()).to.equal('0.1.0\n')
    writeFileSync(join(home, 'esc', cache), 'not what V8 wrote')
    expect(version()).to.equal('0.1.0\n')
    // Flags of V8 make it refuse every cache.
    expect(version('--max-lazy')).to.equal('0.1.0\n')
  })

  it('opens what it has opened before from the first bundle, with little of Node', () => {
    const hook = join(playground.folder, 'loaded.cjs')
    writeFileSync(hook, HOOK)
    const loaded = (...words: string[]) => {
      const { stderr } = spawnSync(process.execPath, ['--require', hook, program, ...words], {
        cwd: playground.folder,
        env,
      })
      return JSON.parse(String(stderr).trim().split('\n').at(-1)!) as { bundles: string[]; builtins: string[] }
    }
    esc(['open', 'app/dev'])
    const open = loaded('open', 'app/dev')
    expect(open.bundles).to.deep.equal(['cli.cjs'])
    for (const each of ['net', 'tty', 'os', 'child_process', 'http', 'worker_threads'])
      expect(open.builtins, each).not.to.include(each)
    expect(loaded('run', 'app/dev', '--', 'sh', '-c', 'test -n "$TOKEN"').bundles).to.deep.equal(['cli.cjs'])
    expect(loaded('version').builtins).not.to.include('crypto')
    expect(loaded('open', 'app/dev@1').bundles).to.include('core.cjs')
  })

  it('runs a program with its variables and files, hides its secrets and removes the files', () => {
    const ran = esc([
      'run',
      'app/dev',
      '--',
      'sh',
      '-c',
      'echo $GREETING $TOKEN; cat $SETTINGS; echo; echo $SETTINGS >&2; exit 9',
    ])
    expect(ran.status).to.equal(9)
    expect(ran.out).to.equal('hello [secret]\n[secret]\n')
    expect(ran.err.trim()).to.match(/esc-/)
    expect(existsSync(ran.err.trim())).to.equal(false)
  })

  it('gives a program /dev/null as it is, and hides its secrets in what is read', () => {
    const script = 'test /dev/stdout -ef /dev/null && exit 3; echo $TOKEN; echo $TOKEN >&2; exit 4'
    const run = (stdout: 'ignore' | 'pipe') =>
      esc(['run', 'app/dev', '--', 'sh', '-c', script], { stdio: ['ignore', stdout, 'pipe'] })
    expect(run('ignore').status).to.equal(3)
    expect(run('pipe')).to.deep.equal({ status: 4, out: '[secret]\n', err: '[secret]\n' })
  })

  it('removes the files of a program that a signal ended, and passes the signal on', async () => {
    const child = spawn(
      process.execPath,
      [program, 'run', 'app/dev', '--', 'sh', '-c', 'echo $SETTINGS; exec sleep 30'],
      {
        cwd: playground.folder,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    const ended = new Promise<number | null>((done) => child.on('exit', (code) => done(code)))
    const file = (await firstLine(child.stdout)).trim()
    expect(existsSync(file)).to.equal(true)
    child.kill('SIGINT')
    expect(await ended).to.equal(130)
    expect(existsSync(file)).to.equal(false)
  })

  it('ends quietly when nobody reads its output any more', () => {
    const script = `"${process.execPath}" "${program}" open app/dev -f detailed | head -c 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: playground.folder, env })
    expect(String(stderr)).to.equal('')
    expect(String(stdout)).to.match(/^\{(?:0|141)\n$/)
  })
})

function firstLine(stream: Readable): Promise<string> {
  let text = ''
  return new Promise((done) => {
    stream.on('data', (bytes) => {
      text += bytes
      if (text.includes('\n')) done(text.slice(0, text.indexOf('\n')))
    })
  })
}
