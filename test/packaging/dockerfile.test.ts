import { execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { ended, Program } from '../end-to-end/program.ts'
import { nodeOf } from '../servers/newer-node.ts'
import { CleanRoot } from './clean-root.ts'

const run = promisify(execFile)
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

interface Step {
  readonly instruction: string
  readonly text: string
}

function stepsOf(dockerfile: string): Step[] {
  const lines = dockerfile
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', '')
    .split('\n')
  return lines.flatMap((line) => {
    const [, instruction, text] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    return instruction === undefined ? [] : [{ instruction, text: text as string }]
  })
}

// There is no engine that builds images in every place where tests run, so they do what one does.
describe('integrations/Dockerfile, step by step in a clean root', function () {
  this.timeout(600_000)
  const steps = stepsOf(readFileSync(join(packageRoot, 'integrations', 'Dockerfile'), 'utf8'))
  const textOf = (instruction: string) => steps.find((step) => step.instruction === instruction)?.text ?? ''
  let root: CleanRoot
  let user: string | undefined
  let env: Record<string, string> = {}
  /** The package needs nothing: what is optional is left out where it cannot be had. */
  const offline = { npm_config_offline: 'true' }
  const scratch = mkdtempSync(join(tmpdir(), 'esc-image-'))
  before(async function () {
    if (!process.env.SLOW || !Program.isBuilt()) return this.skip()
    const missing = CleanRoot.missing()
    if (missing !== undefined) {
      console.log(`      skipped: ${missing} is not here`)
      return this.skip()
    }
    const [, major] = /^node:(\d+)-slim$/.exec(textOf('FROM')) ?? []
    const node = await nodeOf(Number(major)).catch((error) => {
      console.log(`      skipped: Node ${major} cannot be had from the registry: ${String(error).split('\n')[1]}`)
      return this.skip()
    })
    root = new CleanRoot(node)
    return undefined
  })
  after(() => {
    root?.remove()
    rmSync(scratch, { recursive: true, force: true })
  })

  it('builds: each step succeeds', async () => {
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
      cwd: packageRoot,
    })
    copyFileSync(join(scratch, JSON.parse(stdout)[0].filename), join(root.folder, 'tmp', 'package.tgz'))
    for (const { instruction, text } of steps) {
      if (instruction === 'ARG' || instruction === 'ENV')
        env = { ...env, ...Object.fromEntries(text.split(' ').map((pair) => pair.split('=') as [string, string])) }
      if (instruction === 'USER') user = text
      // What is not published yet is in a file.
      if (instruction === 'RUN')
        await root.run(['sh', '-ec', text.replace('@gitesc/cli@${VERSION}', '/tmp/package.tgz')], {
          user,
          env: { ...env, ...offline },
        })
      if (instruction === 'VOLUME') mkdirSync(join(root.folder, text), { recursive: true })
    }
    expect(steps.filter(({ instruction }) => instruction === 'RUN')).to.have.length(2)
    // Nothing runs as root, and the state is kept where that user may write.
    expect(user).to.equal('1000:1000')
    const { uid, mode } = statSync(join(root.folder, textOf('VOLUME')))
    expect({ uid, mode: mode & 0o777 }).to.deep.equal({ uid: 1000, mode: 0o700 })
  })

  it('runs: the entry point is esc', async () => {
    const entry: string[] = JSON.parse(textOf('ENTRYPOINT'))
    expect(await root.run([...entry, 'version'], { user, env })).to.equal(`${version}\n`)
  })

  it('serves: its command starts a server that is ready', async () => {
    const entry: string[] = JSON.parse(textOf('ENTRYPOINT'))
    const folder = join(root.folder, 'tmp', 'store')
    const options = { user, env: { ...env, ESC_STORE: '/tmp/store/environments', ESC_AUTHOR: 'Ada <ada@example.com>' } }
    await root.run(['mkdir', '/tmp/store'], options)
    expect(statSync(folder).uid).to.equal(1000)
    await root.run([...entry, 'init', '/tmp/store/environments'], options)
    const words: string[] = JSON.parse(textOf('CMD')).map((word: string) =>
      word.replace(/^0\.0\.0\.0:\d+$/, '127.0.0.1:0'),
    )
    const [file = '', ...rest] = root.command([...entry, ...words], options)
    const server = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    const metrics = await new Promise<string>((resolve, reject) => {
      let said = ''
      server.stderr.on('data', (bytes) => {
        said += bytes
        const [, url] = /metrics at (http:[^" ]+)\/metrics/.exec(said) ?? []
        if (url !== undefined && /listening on/.test(said)) resolve(url)
      })
      server.once('close', (code) => reject(new Error(`ended with ${code}: ${said}`)))
    })
    expect((await fetch(`${metrics}/readyz`)).status).to.equal(200)
    server.kill('SIGTERM')
    expect(await ended(server)).to.include({ code: 0 })
  })
})
