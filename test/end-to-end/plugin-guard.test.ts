import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { sample } from '../sample.ts'
import { Program } from './program.ts'

const isRoot = process.geteuid?.() === 0
const somebodyElse = 54_321

/**
 * A store whose author has named a plugin, and the victim's own machine, which has never seen it.
 */
class Attack {
  readonly root = mkdtempSync(join(tmpdir(), 'esc-attack-'))
  /** The folder that holds `environments/`, as it reached the victim. */
  readonly checkout = join(this.root, 'checkout')
  readonly store = join(this.checkout, 'environments')
  /** Written by the code of the plugin. */
  readonly marker = join(this.root, 'ran')
  readonly author: Program
  #victims = 0

  private constructor(author: Program) {
    this.author = author
  }

  static async begin(): Promise<Attack> {
    const attack = new Attack(new Program())
    const { author } = attack
    await author.ok('init')
    attack.install(author.folder)
    appendFileSync(join(author.store, 'esc.yaml'), 'plugins: [esc-evil]\n')
    await author.ok('trust', '--yes')
    await author.withEnvironment('app/dev', '{"values": {"a": 1, "x": {"fn::open::evil-provider": {}}}}')
    rmSync(join(author.folder, 'node_modules'), { recursive: true })
    mkdirSync(attack.checkout)
    cpSync(author.store, attack.store, { recursive: true })
    rmSync(join(attack.store, '.esc'), { recursive: true, force: true })
    rmSync(attack.marker, { force: true })
    return attack
  }

  /** Puts the package into `node_modules` of a folder. */
  install(folder: string, name = 'esc-evil'): string {
    const place = join(folder, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'esc-evil', exports: './index.mjs' }))
    writeFileSync(join(place, 'index.mjs'), this.code())
    return place
  }

  code(more = ''): string {
    return `import { appendFileSync } from 'node:fs'
appendFileSync(${JSON.stringify(this.marker)}, 'ran ')
${more}
export default { contract: 1, providers: [{ name: 'evil-provider', description: 'Evil.', inputs: true, outputs: true,
  async open() { return 'given' } }] }\n`
  }

  git(...words: readonly string[]): string {
    const identity = ['-c', 'user.name=M', '-c', 'user.email=m@example.com']
    return execFileSync('git', [...identity, ...words], { cwd: this.checkout, stdio: 'pipe' }).toString()
  }

  commitAll(): void {
    this.git('init', '-q')
    this.git('add', '-A', '-f')
    this.git('commit', '-qm', 'all')
  }

  /**
   * Variables of somebody who has the key of the store, or has not, and has allowed nothing yet.
   */
  victim(key: 'key' | 'no key'): Record<string, string | undefined> {
    const config = join(this.root, `config-${++this.#victims}`)
    mkdirSync(config)
    if (key === 'key') cpSync(join(this.author.env.ESC_CONFIG_HOME!, 'default.key'), join(config, 'default.key'))
    return { ESC_CONFIG_HOME: config, HOME: this.root, ESC_STORE: this.store }
  }

  get hasRun(): boolean {
    return existsSync(this.marker)
  }

  end(): void {
    this.author.remove()
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Everything that a person may try on a fresh clone. */
const attempts: readonly (readonly string[])[] = [
  ['env', 'open', 'app/dev'],
  ['open', 'app/dev'],
  ['env', 'get', 'app/dev'],
  ['env', 'get', 'app/dev', 'x', '--value', 'json'],
  ['env', 'get', 'app/dev', '--show-secrets'],
  ['env', 'run', 'app/dev', '--', process.execPath, '--version'],
  ['env', 'set', 'app/dev', 'b', '2'],
  ['env', 'rotate', 'app/dev'],
  ['env', 'rotators'],
  ['env', 'graph'],
  ['env', 'ls'],
  ['check'],
  ['status'],
  ['trust'],
  ['trust', 'show'],
]

/** The ways to open, and some of the others. */
const opening = attempts.filter((words) => words.includes('open'))
const tried = [
  ...opening,
  ...sample(
    attempts.filter((words) => !opening.includes(words)),
    2,
  ),
]

describe('code that a store brings', function () {
  this.timeout(60_000)
  let attack: Attack

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    attack = await Attack.begin()
  })
  afterEach(() => attack?.end())

  /** Tries everything, with the key and without. Returns what opening was refused with. */
  async function attempted(env: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
    let refusal = ''
    for (const key of ['key', 'no key'] as const) {
      const victim = { ...attack.victim(key), ...env }
      for (const words of tried) {
        const { code, out, err } = await attack.author.esc(words, victim)
        expect(attack.hasRun, `${key}: esc ${words.join(' ')}: ${out}${err}`).to.equal(false)
        if (key !== 'key' || words[1] !== 'open') continue
        expect(code, out).to.equal(1)
        refusal = err
      }
    }
    return refusal
  }

  /** That it was consent alone which was missing: the very same folder runs once there is. */
  async function runsWithConsent(env: Readonly<Record<string, string | undefined>> = {}): Promise<void> {
    const victim = { ...attack.victim('key'), ...env }
    const accepted = await attack.author.esc(['trust', '--yes'], victim)
    expect(accepted.code, accepted.err).to.equal(0)
    expect(attack.hasRun, 'to accept runs nothing').to.equal(false)
    const { out, err } = await attack.author.esc(['env', 'open', 'app/dev'], victim)
    expect(JSON.parse(out), err).to.deep.equal({ a: 1, x: 'given' })
    expect(attack.hasRun).to.equal(true)
  }

  const untrusted =
    /this machine has not allowed the store to run the code of plugin esc-evil in .*\nhint: .*"esc trust"; in CI, set ESC_TRUST=sha256:[0-9a-f]{64}/

  it('does not run from a committed node_modules, not even with consent', async () => {
    attack.install(attack.checkout)
    attack.commitAll()
    expect(await attempted()).to.match(/plugin esc-evil came with git, in .* and is not run/)
    const victim = attack.victim('key')
    await attack.author.esc(['trust', '--yes'], victim)
    await attack.author.esc(['env', 'open', 'app/dev'], victim)
    expect(attack.hasRun).to.equal(false)
  })

  it('does not run where files of a bare repository lie beside it', async () => {
    attack.install(attack.store)
    attack.commitAll()
    for (const folder of ['objects', 'refs']) mkdirSync(join(attack.store, folder))
    writeFileSync(join(attack.store, 'HEAD'), 'ref: refs/heads/main\n')
    writeFileSync(join(attack.store, 'config'), '[core]\n\tbare = true\n')
    expect(await attempted()).to.match(/came with git|has not allowed the store to run/)
  })

  it('does not run from a checkout that belongs to another user', async function () {
    if (!isRoot) this.skip()
    attack.install(attack.checkout)
    attack.commitAll()
    giveAway(attack.checkout)
    expect(await attempted()).to.match(/came with git|belongs to user 54321/)
    const victim = attack.victim('key')
    const { err } = await attack.author.esc(['trust', '--yes'], victim)
    await attack.author.esc(['env', 'open', 'app/dev'], victim)
    expect(attack.hasRun, err).to.equal(false)
  })

  it('does not run from a store or package of another user without git, and says how to make it one’s own', async function () {
    if (!isRoot) this.skip()
    const place = attack.install(attack.checkout)
    for (const theirs of [attack.store, join(attack.store, 'esc.yaml'), place, join(place, 'index.mjs')]) {
      lchownSync(theirs, somebodyElse, somebodyElse)
      const victim = attack.victim('key')
      const accepted = await attack.author.esc(['trust', '--yes'], victim)
      expect(accepted.out + accepted.err, theirs).to.match(/Cannot be allowed: .*belongs to user 54321/)
      const { err } = await attack.author.esc(['env', 'open', 'app/dev'], victim)
      expect(err, theirs)
        .to.include(`${theirs} belongs to user 54321`)
        .and.to.match(/hint: .*chown -R 0/)
      expect(attack.hasRun).to.equal(false)
      lchownSync(theirs, 0, 0)
    }
    await runsWithConsent()
  })

  it('does not run where git is not on the PATH', async () => {
    attack.install(attack.checkout)
    attack.commitAll()
    const env = { PATH: join(attack.root, 'nothing') }
    expect(await attempted(env)).to.match(untrusted)
  })

  it('does not run from a store that came as a tarball', async () => {
    attack.install(attack.checkout)
    attack.commitAll()
    rmSync(join(attack.checkout, '.git'), { recursive: true })
    expect(await attempted()).to.match(untrusted)
    await runsWithConsent()
  })

  it('does not run from a parent folder that the store shares with others', async () => {
    const place = attack.install(attack.root)
    attack.commitAll()
    expect(await attempted()).to.match(untrusted)
    if (isRoot) {
      giveAway(dirname(place))
      expect(await attempted()).to.match(/belongs to user 54321/)
      const victim = attack.victim('key')
      await attack.author.esc(['trust', '--yes'], victim)
      await attack.author.esc(['env', 'open', 'app/dev'], victim)
      expect(attack.hasRun).to.equal(false)
    }
  })

  it('does not run under another spelling of its name, as a case-insensitive file system finds it', async () => {
    attack.install(attack.checkout, 'Esc-Evil')
    attack.commitAll()
    // What such a file system answers, and git does not know of.
    symlinkSync('Esc-Evil', join(attack.checkout, 'node_modules', 'esc-evil'))
    expect(await attempted()).to.match(untrusted)
    const [modules, renamed] = ['node_modules', 'Node_Modules'].map((name) => join(attack.checkout, name))
    renameSync(modules!, renamed!)
    attack.git('add', '-A', '-f')
    symlinkSync('Node_Modules', modules!)
    expect(await attempted()).to.match(untrusted)
  })

  it('runs in CI for the digest of exactly what is installed', async () => {
    attack.install(attack.checkout)
    const victim = attack.victim('key')
    const shown = await attack.author.esc(['trust', 'show', '--output', 'json'], victim)
    const { digest, trusted, powers } = JSON.parse(shown.out)
    expect(trusted).to.equal(false)
    expect(powers.map(({ kind }: { kind: string }) => kind)).to.deep.equal(['identity', 'plugin'])
    const other = digest.replace(/.$/, (last: string) => (last === '0' ? '1' : '0'))
    const refused = await attack.author.esc(['env', 'open', 'app/dev'], { ...victim, ESC_TRUST: other })
    expect(refused.err).to.include(`ESC_TRUST allows ${other}, and the store asks for ${digest}`)
    expect(attack.hasRun).to.equal(false)
    const opened = await attack.author.esc(['env', 'open', 'app/dev'], { ...victim, ESC_TRUST: digest })
    expect(JSON.parse(opened.out).x, opened.err).to.equal('given')
    // Moved whole to another place, as a CI system does: the same digest.
    const elsewhere = join(attack.root, 'elsewhere')
    renameSync(attack.checkout, elsewhere)
    const there = { ...victim, ESC_STORE: join(elsewhere, 'environments'), ESC_TRUST: digest }
    expect(JSON.parse((await attack.author.esc(['env', 'open', 'app/dev'], there)).out).x).to.equal('given')
    appendFileSync(join(elsewhere, 'node_modules', 'esc-evil', 'index.mjs'), '\n')
    const changed = await attack.author.esc(['env', 'open', 'app/dev'], there)
    expect(changed.code).to.equal(1)
    expect(changed.err).to.include('ESC_TRUST allows')
  })

  describe('with consent', () => {
    let victim: Record<string, string | undefined>
    let place: string
    beforeEach(async () => {
      place = attack.install(attack.checkout)
      const dependency = join(attack.checkout, 'node_modules', 'dependency')
      mkdirSync(join(dependency, 'node_modules', 'deeper'), { recursive: true })
      writeFileSync(
        join(dependency, 'package.json'),
        '{"name": "dependency", "dependencies": {"deeper": "*", "gone": "*"}}',
      )
      writeFileSync(join(dependency, 'index.js'), "exports.deep = require('deeper').value\n")
      writeFileSync(join(dependency, 'node_modules', 'deeper', 'package.json'), '{"name": "deeper"}')
      writeFileSync(join(dependency, 'node_modules', 'deeper', 'index.js'), "exports.value = 'deep'\n")
      writeFileSync(
        join(place, 'package.json'),
        '{"name": "esc-evil", "exports": "./index.mjs", "dependencies": {"dependency": "*"}}',
      )
      writeFileSync(
        join(place, 'index.mjs'),
        attack.code("import { deep } from 'dependency'\nif (deep !== 'deep') throw new Error(deep)"),
      )
      victim = attack.victim('key')
      const { code, err } = await attack.author.esc(['trust', '--yes'], victim)
      expect(code, err).to.equal(0)
    })
    const open = () => attack.author.esc(['env', 'open', 'app/dev'], victim)

    it('runs, dependencies and theirs included', async () => {
      const { out, err } = await open()
      expect(JSON.parse(out), err).to.deep.equal({ a: 1, x: 'given' })
    })

    const changes: Record<string, () => void> = {
      'its own code': () => appendFileSync(join(place, 'index.mjs'), '\n'),
      'a file beside it': () => writeFileSync(join(place, 'more.json'), '{}'),
      'the code of a dependency of a dependency': () =>
        appendFileSync(join(attack.checkout, 'node_modules', 'dependency', 'node_modules', 'deeper', 'index.js'), '\n'),
      'a dependency that comes to be': () => {
        const gone = join(attack.checkout, 'node_modules', 'gone')
        mkdirSync(gone)
        writeFileSync(join(gone, 'package.json'), '{"name": "gone"}')
      },
      'a dependency that is put in its place': () => {
        const nearer = join(place, 'node_modules', 'dependency')
        mkdirSync(nearer, { recursive: true })
        writeFileSync(join(nearer, 'package.json'), '{"name": "dependency"}')
        writeFileSync(join(nearer, 'index.js'), "exports.deep = 'deep'\n")
      },
      'another package of the same name, nearer to the store': () => {
        cpSync(place, join(attack.store, 'node_modules', 'esc-evil'), { recursive: true })
      },
    }
    for (const [what, change] of Object.entries(changes)) {
      it(`asks again when ${what} is new`, async () => {
        change()
        const { code, err } = await open()
        expect(code).to.equal(1)
        expect(err).to.match(untrusted)
        expect(attack.hasRun).to.equal(false)
        const shown = await attack.author.esc(['trust', 'show'], victim)
        expect(shown.out)
          .to.match(/^ {2}\+ run the code of plugin esc-evil/m)
          .and.to.match(/^ {2}- run the code of plugin esc-evil/m)
      })
    }

    it('runs the copy that was looked at, in a folder of this user', async () => {
      await open()
      const copies = join(victim.ESC_CONFIG_HOME!, 'state', 'plugins')
      const [copy] = readdirSync(copies).filter((name) => !name.startsWith('sha256-'))
      const copied = join(copies, copy!, '0', 'node_modules', 'esc-evil', 'index.mjs')
      expect(readFileSync(copied, 'utf8')).to.equal(readFileSync(join(place, 'index.mjs'), 'utf8'))
      writeFileSync(copied, attack.code().replace('given', 'from the copy'))
      expect(JSON.parse((await open()).out).x).to.equal('from the copy')
    })

    it('finds no package beside the store that it does not name', async () => {
      for (const folder of [attack.checkout, attack.store, join(place, '..', 'dependency')]) {
        const hidden = join(folder, 'node_modules', 'undeclared')
        mkdirSync(hidden, { recursive: true })
        writeFileSync(join(hidden, 'package.json'), '{"name": "undeclared"}')
        writeFileSync(join(hidden, 'index.js'), '')
      }
      writeFileSync(join(place, 'index.mjs'), attack.code("import 'undeclared'"))
      rmSync(attack.marker, { force: true })
      await attack.author.esc(['trust', '--yes'], victim)
      const { code, out, err } = await open()
      expect(code).to.equal(1)
      expect(out + err).to.include("Cannot find package 'undeclared'")
    })

    it('is refused as soon as it is taken back', async () => {
      const revoked = await attack.author.esc(['trust', 'revoke'], victim)
      expect(revoked.code, revoked.err).to.equal(0)
      expect((await open()).err).to.match(untrusted)
      expect(attack.hasRun).to.equal(false)
    })

    it('is asked for again when the store was moved', async () => {
      const elsewhere = join(attack.root, 'elsewhere')
      renameSync(attack.checkout, elsewhere)
      victim.ESC_STORE = join(elsewhere, 'environments')
      expect((await open()).err).to.match(untrusted)
      expect(attack.hasRun).to.equal(false)
    })

    it('is not given by a link that leads out of the package', async () => {
      symlinkSync(join(attack.root, 'outside.js'), join(place, 'link.js'))
      writeFileSync(join(attack.root, 'outside.js'), '')
      const { code, err } = await open()
      expect(code).to.equal(1)
      expect(err).to.include('is a link that leads out of its package')
      expect(attack.hasRun).to.equal(false)
    })
  })
})

function giveAway(path: string): void {
  chownSync(path, somebodyElse, somebodyElse)
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    lchownSync(join(entry.parentPath, entry.name), somebodyElse, somebodyElse)
  }
}
