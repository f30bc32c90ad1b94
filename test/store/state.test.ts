import {
  chownSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CheckReport, Store } from '../../src/store/index.ts'
import { Playground } from '../cli/commands/esc.ts'
import { author, by, created, errorOf, realFolder, reencrypt, save } from './worlds.ts'

describe('what this machine keeps about a store', () => {
  let place: ReturnType<typeof realFolder>
  let store: Store
  const path = (name: string) => join(place.folder, name)
  const open = (name = 'environments') => Store.open(path(name), place.world)
  const environment = (name?: string) => open(name).environment('app/dev')
  const kinds = ({ findings }: CheckReport) => findings.map(({ severity, kind }) => `${severity} ${kind}`)

  beforeEach(async () => {
    place = realFolder()
    store = Store.init(path('environments'), {}, place.world)
    await save(await store.additions.create('app/dev', by), 'a: enc:one\n')
  })
  afterEach(() => place.remove())

  const stage = (content: string, name?: string) => environment(name).journal().put('db', Buffer.from(content))
  const staged = async (name?: string) =>
    (await environment(name).journal().list()).map(({ content }) => Buffer.from(content).toString())

  /** A store of somebody else, with an environment of the same id under a key of its own. */
  async function withCopiedId(): Promise<string> {
    const theirs = Store.init(path('theirs'), {}, { ...place.world, state: path('their-machine') })
    const other = await theirs.additions.create('app/dev', by)
    const settings = join(other.folder, 'settings.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(other.id, environment().id))
    return 'theirs'
  }

  it('is in a folder that says which store it is, and that nobody else can read', () => {
    const about = JSON.parse(readFileSync(join(store.state.folder, 'store.json'), 'utf8'))
    expect(about).to.include({ version: 1, store: store.state.store })
    expect(new Date(about.firstUsed).getTime()).to.be.greaterThan(0)
    for (const folder of [store.state.machine, store.state.folder]) {
      expect(statSync(folder).mode & 0o777).to.equal(0o700)
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isFile()) expect(statSync(join(folder, entry.name)).mode & 0o777).to.equal(0o600)
      }
    }
    expect(readdirSync(path('environments'))).to.have.members(['.gitattributes', '.gitignore', 'app', 'esc.yaml'])
  })

  it('is the same through a link to the store', () => {
    symlinkSync(path('environments'), path('link'))
    expect(open('link').state.folder).to.equal(store.state.folder)
  })

  it('has the unfinished rotation of a store that was moved, and of one that was cloned anew', async () => {
    await stage('a credential')
    renameSync(path('environments'), path('moved'))
    expect(await staged('moved')).to.deep.equal(['a credential'])
    expect(kinds(await open('moved').upkeep.check())).to.deep.equal(['warning unfinished_rotation'])
    cpSync(path('moved'), path('clone'), { recursive: true })
    rmSync(path('moved'), { recursive: true })
    expect(await staged('clone')).to.deep.equal(['a credential'])
    await environment('clone').journal().remove('db')
    expect(await staged('clone')).to.deep.equal([])
  })

  it('lets one of two clones rotate an environment at a time', async () => {
    cpSync(path('environments'), path('clone'), { recursive: true })
    const lock = await environment().lock('rotate')
    expect(await errorOf(() => environment('clone').lock('rotate', { waitMs: 20 }))).to.include({ code: 'locked' })
    lock.release()
    const other = await environment('clone').lock('rotate')
    other.release()
  })

  it('has an entry that a store with a copied id can neither replace nor hide', async () => {
    await stage('the real one')
    await stage('theirs', await withCopiedId())
    expect(await staged()).to.deep.equal(['the real one'])
    expect(await staged('theirs')).to.deep.equal(['theirs'])
    expect(kinds(await open().upkeep.check())).to.deep.equal(['warning foreign_journal', 'warning unfinished_rotation'])
    await environment('theirs').journal().remove('db')
    expect(await staged()).to.deep.equal(['the real one'])
  })

  it('has no entry of a store with a copied id in the way of a rotation or a change of key', async () => {
    await stage('theirs', await withCopiedId())
    expect(await staged()).to.deep.equal([])
    const [finding] = (await open().upkeep.check()).findings
    expect(finding).to.include({ severity: 'warning', kind: 'foreign_journal' })
    expect(finding!.problem).to.contain(path('theirs'))
    await open().keys.changeSecretsProvider('app/dev', { secretsProvider: 'default', reencrypt })
    expect(await staged('theirs')).to.deep.equal(['theirs'])
  })

  it('keeps a change of key from making an entry unreadable, and says so where it happened elsewhere', async () => {
    await stage('a credential')
    const change = { secretsProvider: 'default', reencrypt }
    expect(await errorOf(() => open().keys.changeSecretsProvider('app/dev', change))).to.include({ code: 'conflict' })
    // As a colleague does it, whose machine has no journal.
    cpSync(path('environments'), path('colleague'), { recursive: true })
    const colleague = Store.open(path('colleague'), { ...place.world, state: path('their-machine') })
    await colleague.keys.changeSecretsProvider('app/dev', change)
    rmSync(join(path('environments'), 'app'), { recursive: true })
    cpSync(join(path('colleague'), 'app'), join(path('environments'), 'app'), { recursive: true })
    const error = await errorOf(() => staged())
    expect(error).to.include({ code: 'tampered' })
    expect(error.message).to.contain(environment().journal().folder)
  })

  it('is quiet about journals of stores that are there, and notes those of stores that are gone', async () => {
    await stage('a credential')
    const other = Store.init(path('other'), {}, place.world)
    expect((await other.upkeep.check()).findings).to.deep.equal([])
    rmSync(path('environments'), { recursive: true })
    const report = await other.upkeep.check()
    expect(kinds(report)).to.deep.equal(['note unfinished_rotation'])
    expect(report.findings[0]!.problem).to.contain("'app/dev'").and.contain(path('environments'))
    expect(await other.upkeep.fix(report.findings)).to.deep.equal([])
  })

  it('keeps an environment from being removed while its journal holds entries', async () => {
    await stage('a credential')
    const error = await errorOf(() => open().removal.remove('app/dev', { author, removed: created }))
    expect(error).to.include({ code: 'conflict' })
  })

  it('is refused when it belongs to another user', function () {
    if (process.getuid?.() !== 0) return this.skip()
    chownSync(store.state.folder, 12345, 12345)
    expect(() => open()).to.throw(/belongs to another user \(12345\)/)
    return undefined
  })

  describe('where it cannot be written', () => {
    let esc: Playground
    beforeEach(async () => {
      esc = new Playground()
      await esc.withEnvironment('app/dev', 'values: {password: {fn::rotate::password: {inputs: {length: 20}}}, a: 1}\n')
      writeFileSync(join(esc.folder, 'file'), '')
      esc.env.ESC_STATE_HOME = join(esc.folder, 'file', 'state')
    })
    afterEach(() => esc.remove())

    it('lets everything be read, with a warning of the audit log at most', async () => {
      const opened = await esc.run(['env', 'open', 'app/dev', 'a'])
      expect(opened).to.include({ code: 0, out: '1\n' })
      expect(opened.err).to.match(/^(?:warning: the audit log could not be written.*\n)?(?:hint: .*\n)?$/)
      for (const words of [
        ['env', 'ls'],
        ['env', 'get', 'app/dev'],
        ['status'],
        ['env', 'version', 'history', 'app/dev'],
      ]) {
        expect((await esc.run(words)).code, words.join(' ')).to.equal(0)
      }
      const checked = await esc.run(['check', '--output', 'json'])
      expect(JSON.parse(checked.out).findings[0]).to.include({ severity: 'note', kind: 'state_folder' })
    })

    it('refuses to rotate and to write, and names the folder and the variable', async () => {
      const before = esc.digest()
      for (const words of [
        ['env', 'rotate', 'app/dev'],
        ['env', 'set', 'app/dev', 'a', '2'],
      ]) {
        const { code, err } = await esc.run(words)
        expect(code, words.join(' ')).to.equal(1)
        expect(err).to.contain(esc.env.ESC_STATE_HOME).and.contain('ESC_STATE_HOME')
      }
      expect(esc.digest()).to.equal(before)
    })
  })

  it('is found in git by check, where somebody keeps it in the repository', async () => {
    const esc = new Playground()
    try {
      await esc.withEnvironment('app/dev', 'values: {}\n')
      const { execFileSync } = await import('node:child_process')
      const git = (...words: string[]) => execFileSync('git', words, { cwd: esc.folder })
      git('init', '--quiet')
      expect((await esc.run(['check'])).code).to.equal(0)
      git('add', '--force', 'config/state')
      const { code, out } = await esc.run(['check'])
      expect(code).to.equal(1)
      expect(out).to.contain('git tracks files in the state folder').and.contain('ESC_STATE_HOME')
    } finally {
      esc.remove()
    }
  })

  it('is that of the original for a draft, which leaves nothing of its own', async () => {
    const esc = new Playground()
    try {
      await esc.withEnvironment('app/dev', 'values: {a: {fn::secret: not-a-real-token}}\n')
      const { execFileSync } = await import('node:child_process')
      const git = (...words: string[]) =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: esc.folder })
      git('init', '--quiet')
      git('add', 'environments')
      git('commit', '--quiet', '-m', 'first')
      const drafted = await esc.run(['env', 'set', 'app/dev', 'b', '1', '--draft'])
      expect(drafted.code, drafted.err).to.equal(0)
      expect(readdirSync(join(esc.machine, 'stores'))).to.have.length(1)
      expect(JSON.parse(readFileSync(join(esc.state, 'store.json'), 'utf8')).store).to.equal(esc.store)
    } finally {
      esc.remove()
    }
  })
})
