import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { nodeOf } from '../servers/newer-node.ts'
import { Program } from './program.ts'

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

/** Without `prepack`, which would build anew below the feet of other tests. */
async function pack(...words: string[]): Promise<Packed> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', ...words], { cwd: packageRoot })
  return JSON.parse(stdout)[0]
}

/** The files that a part of `exports` names. */
function targetsOf(part: unknown): string[] {
  return typeof part === 'string' ? [part] : Object.values(part as object).flatMap(targetsOf)
}

/** The environments of a store that is part of this package. */
function environmentsIn(files: readonly string[]): string[] {
  const names = files.flatMap((file) => /^environments\/([^/]+\/[^/]+)\//.exec(file)?.[1] ?? [])
  return [...new Set(names)].sort()
}

describe('the package', function () {
  this.timeout(60_000)
  let packed: Packed
  let files: string[]
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    packed = await pack('--dry-run')
    files = packed.files.map(({ path }) => path)
  })

  it('holds what the program needs, and the licences of what is bundled', () => {
    const needed = ['bin/run.cjs', 'oclif.manifest.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE']
    const built = readdirSync(join(packageRoot, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(cjs|js)$/.test(file))
      .map((file) => `dist/${file}`)
    expect(files).to.include.members([...needed, ...built, 'dist/third-party-licences.txt'])
    const required = readFileSync(join(packageRoot, 'bin', 'run.cjs'), 'utf8').matchAll(/require\('\.\/([^']+)'\)/g)
    for (const [, file] of required) expect(files).to.include(`bin/${file}`)
    expect(files).to.include.members(targetsOf(manifest.exports).map((target) => target.slice(2)))
    const licences = readFileSync(join(packageRoot, 'dist', 'third-party-licences.txt'), 'utf8')
    for (const name of [
      'yaml',
      'pg',
      'mysql2',
      '@oclif/core',
      '@aws-sdk/client-iam',
      'age-encryption',
      '@modelcontextprotocol/sdk',
    ]) {
      expect(licences).to.match(new RegExp(`^${name} [0-9.]+ \\(`, 'm'))
    }
    for (const file of built.filter((each) => !each.includes('/vendor/') && each.endsWith('.cjs'))) {
      expect(readFileSync(join(packageRoot, file), 'utf8'), file).not.to.include('// node_modules/')
    }
  })

  it('holds nothing else: no tests, no sources, no caches, no maps, no place of this machine', () => {
    const allowed =
      /^(bin\/[\w-]+\.cjs|dist\/[\w-]+\.(cjs|js|txt)|dist\/vendor\/[\w-]+\.cjs|dist\/man\/esc[\w-]*\.1|dist\/types(-cjs)?\/.*\.d\.ts|dist\/types-cjs\/package\.json|dist\/console\/(manifest\.json|assets\/[\w-]+\.(js|css))|docs\/((providers|how-to|coming-from)\/)?[\w-]+\.md|environments\/.*|[\w.]+)$/
    expect(files.filter((file) => !allowed.test(file))).to.deep.equal([])
    for (const file of files) {
      const text = readFileSync(join(packageRoot, file), 'latin1')
      expect(text.includes(packageRoot), `${file} names ${packageRoot}`).to.equal(false)
      expect(text.includes('sourceMappingURL'), file).to.equal(false)
    }
  })

  it('holds the example store and no other environment, nor what belongs to one machine', () => {
    const { stdout } = spawnSync('git', ['ls-files', 'environments'], { cwd: packageRoot, encoding: 'utf8' })
    const examples = ['app/dev', 'credentials/production', 'rotators/ci', 'rotators/pulumi-ci']
    if (stdout.trim() !== '') expect(environmentsIn(stdout.split('\n'))).to.deep.equal(examples)
    expect(environmentsIn(files)).to.deep.equal(examples)
    expect(files.filter((file) => /\.esc\/|\.key$|\.entry$|(^|\/)state\//.test(file))).to.deep.equal([])
  })

  it('is as large, and depends on as much, as the README says', () => {
    const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8')
    const said = /([\d.]+) MB to download, ([\d.]+) MB\s+on the disk, (\w+) dependencies/.exec(readme)
    expect(said, 'a sentence in README.md').not.to.equal(null)
    const megabyte = 1_000_000
    expect(packed.size / megabyte).to.be.closeTo(Number(said![1]), 0.2 * Number(said![1]))
    expect(packed.unpackedSize / megabyte).to.be.closeTo(Number(said![2]), 0.2 * Number(said![2]))
    expect(said![3]).to.equal('no')
    expect(manifest.dependencies ?? {}).to.deep.equal({})
    expect(Object.keys(manifest.optionalDependencies)).to.deep.equal(['@lydell/node-pty'])
    expect(readme).to.include('`@lydell/node-pty`')
  })
})

describe('the installed package', function () {
  this.timeout(600_000)
  const folder = mkdtempSync(join(tmpdir(), 'esc-package-'))
  const prefix = join(folder, 'prefix')
  before(async function () {
    if (!process.env.SLOW || !Program.isBuilt()) return this.skip()
    const { filename } = await pack('--pack-destination', folder)
    try {
      await run('npm', ['i', '-g', '--prefix', prefix, join(folder, filename)])
    } catch (error) {
      console.log(`      skipped: npm cannot install here: ${String(error).split('\n')[1]}`)
      this.skip()
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const major of [20, 22, 24]) {
    it(`works on Node ${major}`, async function () {
      const node = await nodeOf(major).catch((error) => {
        console.log(`      skipped: Node ${major} cannot be had from the registry: ${String(error).split('\n')[1]}`)
        return this.skip()
      })
      const home = join(folder, `home-${major}`)
      mkdirSync(home)
      const env = { HOME: home, ESC_CONFIG_HOME: join(home, 'config'), PATH: `${dirname(node)}:/usr/bin:/bin` }
      const esc = async (words: readonly string[], cwd = home) =>
        (await run(join(prefix, 'bin', 'esc'), words, { cwd, env: { ...env, ESC_AUTHOR: 'Ada <ada@example.com>' } }))
          .stdout
      expect((await run(node, ['--version'])).stdout).to.match(new RegExp(`^v${major}\\.`))

      expect(await esc(['version'])).to.equal(`${manifest.version}\n`)
      expect(await esc(['--help'])).to.include('USAGE')
      expect(await esc(['env', 'rotate', '--help'])).to.include('esc env rotate rotators/ci')
      expect(existsSync(join(prefix, 'share', 'man', 'man1', 'esc-env-rotate.1')), 'linked by npm').to.equal(true)
      for (const shell of ['bash', 'zsh', 'fish']) expect(await esc(['completion', shell])).to.include('esc __complete')
      await esc(['init'])
      await esc(['env', 'init', 'app/dev'])
      await esc(['env', 'set', 'app/dev', 'password', 'not-a-real-secret', '--secret'])
      expect(JSON.parse(await esc(['open', 'app/dev']))).to.deep.equal({ password: 'not-a-real-secret' })
      expect(await esc(['run', 'app/dev', '--', 'echo', '${password}'])).to.equal('[secret]\n')
      expect(await esc(['env', 'diff', 'app/dev@1'])).to.include('[secret]')

      const example = join(home, 'example')
      cpSync(join(prefix, 'lib', 'node_modules', '@gitesc', 'cli', 'environments'), join(example, 'environments'), {
        recursive: true,
      })
      expect(await esc(['env', 'rotate', 'rotators/ci'], example)).to.include("New revision '2' was created.")
      await esc(['env', 'rotate', 'rotators/ci'], example)
      expect(JSON.parse(await esc(['open', 'rotators/ci', 'deploy.token'], example))).to.have.keys(
        'current',
        'previous',
      )
      // npm leaves .gitignore out of packages.
      await esc(['check', '--fix', '--without-keys'], example)
    })
  }
})
