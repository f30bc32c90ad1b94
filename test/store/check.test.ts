import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { remediesIn } from '../../src/rich-text.ts'
import { type CheckReport, type Environment, Store } from '../../src/store/index.ts'
import { author, by, created, errorOf, realFolder, save } from './worlds.ts'

describe('checking a store', () => {
  let place: ReturnType<typeof realFolder>
  let store: Store
  let environment: Environment

  beforeEach(async () => {
    place = realFolder()
    store = Store.init(join(place.folder, 'environments'), {}, place.world)
    environment = await store.additions.create('app/dev', by)
    await save(environment, 'a: enc:one\n')
    await save(environment, 'a: enc:two\n')
    await save(environment, 'a: enc:three\n')
    await environment.versions.tag('stable', '2', by)
    await save(await store.additions.create('app/other', by), 'b: enc:other\n')
    store.environment('app/dev').current()
  })
  afterEach(() => place.remove())

  const path = (...parts: string[]) => join(store.folder, ...parts)
  const kept = (name: string) => join(store.state.folder, name)
  const fresh = () => Store.open(store.folder, place.world)
  const check = (options = {}) => fresh().upkeep.check(options)
  const withoutKeys = () =>
    Store.open(store.folder, {
      ...place.world,
      keys: { env: {}, configFolder: join(place.folder, 'none'), notify: () => {} },
    })

  function edit(file: string, change: (text: string) => string): void {
    const before = readFileSync(file, 'utf8')
    expect(change(before)).to.not.equal(before)
    writeFileSync(file, change(before))
  }

  const old = (file: string) => utimesSync(file, new Date('2020-01-01'), new Date('2020-01-01'))
  const kinds = ({ findings }: CheckReport) => findings.map(({ severity, kind }) => `${severity} ${kind}`)

  async function expectOne(expected: string, ...mentions: string[]): Promise<void> {
    const report = await check()
    expect(kinds(report), JSON.stringify(report.findings, null, 1)).to.deep.equal([expected])
    const [finding] = report.findings
    const text = `${finding!.environment} ${finding!.file} ${finding!.problem} ${finding!.remedy} ${JSON.stringify(remediesIn(finding!.remedy))}`
    for (const mention of mentions) expect(text).to.contain(mention)
  }

  it('finds nothing wrong with a sound one, and says what it read', async () => {
    expect(await check()).to.deep.equal({ findings: [], environments: 2, revisions: 6, unverified: [] })
  })

  it('says what it could not verify without the keys, and verifies the rest', async () => {
    const report = await withoutKeys().upkeep.check()
    expect(kinds(report)).to.deep.equal(['note not_verified', 'note not_verified'])
    expect(report.unverified).to.deep.equal(['app/dev', 'app/other'])
    expect(report.findings[0]!.problem).to.contain('could not be checked: environment')
    edit(path('app/dev/revisions/2.yaml'), (text) => text.replace('Ada', 'Eve'))
    const second = await withoutKeys().upkeep.check({ environments: ['app/dev'] })
    expect(kinds(second)).to.deep.equal(['note not_verified', 'error history_fork'])
    expect(second.findings[1]!.file).to.equal(path('app/dev/revisions/2.yaml'))
  })

  it('asks for no key when none is to be used', async () => {
    expect(kinds(await check({ useKeys: false }))).to.deep.equal(['note not_verified', 'note not_verified'])
  })

  describe('names', () => {
    it('a changed revision', async () => {
      edit(path('app/dev/revisions/4.yaml'), (text) => text.replace('Ada', 'Eve'))
      await expectOne('error tampered', 'seal of revision 4', path('app/dev/revisions/4.yaml'), 'git history')
    })

    it('two swapped ciphertexts', async () => {
      const ciphertext = (number: number) =>
        /enc\(.*\)/.exec(readFileSync(path(`app/dev/revisions/${number}.yaml`), 'utf8'))![0]
      const two = ciphertext(3)
      edit(path('app/dev/revisions/4.yaml'), (text) => text.replace(/enc\(.*\)/, two))
      await expectOne('error tampered', 'seal of revision 4')
    })

    it('a revision from before the key that was changed', async () => {
      edit(path('app/dev/revisions/1.yaml'), (text) => text.replace('Ada', 'Eve'))
      await expectOne('error history_fork', path('app/dev/revisions/1.yaml'))
    })

    it('a seal that was taken off', async () => {
      edit(path('app/dev/revisions/4.yaml'), (text) => text.replace(/^seal: .*\n/m, ''))
      await expectOne('error tampered', 'lost its seal')
    })

    it('a missing revision', async () => {
      rmSync(path('app/dev/revisions/2.yaml'))
      const report = await check()
      expect(kinds(report)).to.include('error missing_revision')
      expect(report.findings.find(({ kind }) => kind === 'missing_revision')!.problem).to.contain('revision 2')
    })

    it('the newest revision removed', async () => {
      rmSync(path('app/dev/revisions/4.yaml'))
      await expectOne('error tampered', 'cut short', kept('seen'))
    })

    it('a moved tag', async () => {
      edit(path('app/dev/settings.yaml'), (text) => text.replace('revision: 2', 'revision: 3'))
      await expectOne('error tampered', 'a tag or a retraction', path('app/dev/settings.yaml'))
    })

    it('a lost data key', async () => {
      edit(path('app/other/settings.yaml'), (text) => text.replace(/^(wrapped|sealed|settingsS|gen).*\n/gm, ''))
      rmSync(place.world.state!, { recursive: true })
      await expectOne('error tampered', 'no wrappedDataKey')
    })

    it('a wrapped key that was changed', async () => {
      edit(path('app/other/settings.yaml'), (text) =>
        text.replace(/^(wrappedDataKey: .*)(.)(...)$/m, (_, a, b, c) => a + (b === 'A' ? 'B' : 'A') + c),
      )
      await expectOne('error tampered', 'wrapped data key', 'app/other')
    })

    it('lost settings, of an environment that is still listed and taken', async () => {
      rmSync(path('app/dev/settings.yaml'))
      await expectOne('error damaged', 'app/dev/settings.yaml is missing', 'git history')
      expect(fresh().list()).to.deep.equal(['app/dev', 'app/other'])
      expect((await errorOf(() => fresh().environment('app/dev').current())).message).to.contain(
        'settings.yaml is missing',
      )
      expect((await errorOf(() => fresh().additions.create('app/dev', by))).code).to.equal('already_exists')
    })

    it('unreadable settings, and still looks at the revisions', async () => {
      edit(path('app/dev/settings.yaml'), () => 'id: [\n')
      edit(path('app/dev/revisions/3.yaml'), (text) => text.replace('Ada', 'Eve'))
      const report = await check()
      expect(kinds(report)).to.deep.equal(['error damaged', 'error history_fork'])
    })

    it('a file that is not a revision', async () => {
      writeFileSync(path('app/dev/revisions/4.yaml.orig'), 'x')
      await expectOne('warning unknown_file', '4.yaml.orig')
    })

    it('a copied folder', async () => {
      cpSync(path('app/other'), path('app/third'), { recursive: true })
      const report = await check()
      expect(kinds(report)).to.deep.equal(['error tampered', 'error duplicate_id'])
      for (const { problem, remedy } of report.findings) {
        expect(problem).to.contain('app/other').and.contain('app/third')
        expect(remediesIn(remedy)[0]).to.include({ do: 'clone-environment', environment: 'app/other' })
      }
    })

    it('a hand edit', async () => {
      edit(path('app/dev/environment.yaml'), () => 'mine: 1\n')
      await expectOne('warning unsaved_edit', '"save-definition"')
      expect(await fresh().upkeep.fix((await check()).findings)).to.deep.equal([])
      expect(readFileSync(path('app/dev/environment.yaml'), 'utf8')).to.equal('mine: 1\n')
    })

    it('an unfinished rotation, and an entry of it that was changed', async () => {
      await environment.journal().put('x', Buffer.from('a credential'))
      await expectOne('warning unfinished_rotation', '1 entry', '{"do":"rotate","environment":"app/dev"')
      const { folder } = environment.journal()
      const entry = join(folder, readdirSync(folder)[0]!)
      writeFileSync(entry, Buffer.concat([readFileSync(entry), Buffer.from('x')]))
      const report = await check()
      expect(kinds(report)).to.deep.equal(['warning unfinished_rotation', 'error tampered'])
      await errorOf(() => store.removal.remove('app/dev', { author, removed: created }))
    })

    it('a journal of an environment that is not here', async () => {
      await environment.journal().put('x', Buffer.from('a credential'))
      cpSync(path('app/dev'), join(place.folder, 'elsewhere'), { recursive: true })
      rmSync(path('app/dev'), { recursive: true })
      await expectOne('warning unfinished_rotation', 'not here')
    })

    it('a line of events that is none', async () => {
      await environment.events.append('rotations', { id: 1 })
      edit(path('app/dev/events/rotations.jsonl'), (text) => `${text}{"id":`)
      await expectOne('note torn_event', 'line 2 was cut short')
    })

    it('a merge that git left unfinished', async () => {
      edit(path('app/dev/revisions/4.yaml'), (text) => `<<<<<<< HEAD\n${text}=======\n${text}>>>>>>> feature\n`)
      edit(path('app/dev/environment.yaml'), (text) => `<<<<<<< HEAD\n${text}=======\n${text}>>>>>>> feature\n`)
      await expectOne(
        'error merge_conflict',
        'both sides made revision 4',
        'environment.yaml',
        '{"do":"renumber-revisions","environment":"app/dev"}',
      )
    })

    it('a revision taken from another branch', async () => {
      cpSync(store.folder, join(place.folder, 'theirs'), { recursive: true })
      const theirs = Store.open(join(place.folder, 'theirs'), place.world).environment('app/dev')
      await save(theirs, 'a: 5\n')
      await save(theirs, 'a: 6\n')
      await save(environment, 'a: ours\n')
      cpSync(join(theirs.folder, 'revisions/6.yaml'), path('app/dev/revisions/6.yaml'))
      const report = await check()
      expect(kinds(report)).to.deep.equal(['error history_fork'])
      expect(report.findings[0]!.problem).to.contain('revision 6').and.contain('another revision 5')
      expect(remediesIn(report.findings[0]!.remedy)).to.deep.equal([
        { do: 'renumber-revisions', environment: 'app/dev' },
      ])
    })
  })

  describe('and fixing what is safe', () => {
    async function expectFixed(kind: string): Promise<void> {
      const report = await check()
      expect(kinds(report)).to.deep.equal([kind])
      expect(report.findings[0]!.fixable).to.equal(true)
      expect(await fresh().upkeep.fix(report.findings)).to.have.lengthOf(1)
      expect((await check()).findings).to.deep.equal([])
    }

    it('brings a stale environment.yaml up to date', async () => {
      writeFileSync(path('app/dev/environment.yaml'), environment.revision(3).definition)
      await expectFixed('note stale_definition')
      expect(readFileSync(path('app/dev/environment.yaml'), 'utf8')).to.equal(environment.current().definition)
    })

    it('removes what killed processes left, in its state too, and nothing that is new', async () => {
      mkdirSync(path('app/.tmp-1-aa/revisions'), { recursive: true })
      writeFileSync(path('app/.tmp-1-aa/revisions/1.yaml'), 'x')
      old(path('app/.tmp-1-aa'))
      writeFileSync(path('app/dev/.tmp-1-bb'), 'x')
      const journal = environment.journal().folder
      mkdirSync(journal, { recursive: true })
      mkdirSync(kept('opened'))
      mkdirSync(join(store.state.machine, 'locks'))
      const locks = join(store.state.machine, 'locks')
      for (const folder of [locks, kept('locks'), kept('seen'), kept('opened'), journal, store.folder]) {
        writeFileSync(join(folder, '.tmp-1-cc'), 'x')
        old(join(folder, '.tmp-1-cc'))
        writeFileSync(join(folder, '.tmp-1-new'), 'x')
      }
      const report = await check()
      expect(new Set(kinds(report))).to.deep.equal(new Set(['note leftover']))
      expect(report.findings).to.have.lengthOf(8)
      await fresh().upkeep.fix(report.findings)
      expect((await check()).findings).to.deep.equal([])
      expect(readdirSync(kept('seen'))).to.include('.tmp-1-new')
      expect(readdirSync(path('app')).sort()).to.deep.equal(['dev', 'other'])
    })

    it('removes what was kept of opening an environment that is gone, and no other', async () => {
      environment.keepOpened(Buffer.from('x'))
      writeFileSync(join(kept('opened'), 'ffffffff-gone'), 'x')
      const report = await check()
      expect(kinds(report)).to.deep.equal(['note leftover'])
      await fresh().upkeep.fix(report.findings)
      expect(readdirSync(kept('opened'))).to.deep.equal([environment.id])
    })

    it('removes the locks of processes that are gone, and no others', async () => {
      const gone = { pid: 1, host: 'x', token: 'a'.repeat(24), purpose: 'rotate', since: '' }
      const lock = await environment.lock('rotate')
      const self = JSON.parse(
        readFileSync(join(store.state.machine, 'locks', `environment+${environment.id}.lock`), 'utf8'),
      )
      writeFileSync(
        join(kept('locks'), 'write+app+dev.lock'),
        JSON.stringify({ ...self, ...gone, host: self.host, started: '1' }),
      )
      await expectFixed('note broken_lock')
      expect(readdirSync(kept('locks'))).to.deep.equal([])
      expect(readdirSync(join(store.state.machine, 'locks'))).to.deep.equal([`environment+${environment.id}.lock`])
      lock.release()
    })

    it('cleans up after an interrupted change of the secrets provider', async () => {
      cpSync(path('app/dev'), path('app/.tmp-swap-dev.new'), { recursive: true })
      await expectFixed('note interrupted_change')
      expect(readdirSync(path('app')).sort()).to.deep.equal(['dev', 'other'])
      // Between the two renames: the successor is whole.
      cpSync(path('app/dev'), path('app/.tmp-swap-dev.new'), { recursive: true })
      cpSync(path('app/dev'), path('app/.tmp-swap-dev.old'), { recursive: true })
      rmSync(path('app/dev'), { recursive: true })
      expect(fresh().list()).to.deep.equal(['app/dev', 'app/other'])
      await expectFixed('note interrupted_change')
    })

    it('adds the lines that git needs', async () => {
      edit(path('.gitattributes'), (text) => text.replace('* -text\n', '*.md text\n'))
      await expectFixed('warning git_files')
      expect(readFileSync(path('.gitattributes'), 'utf8'))
        .to.contain('*.md text\n')
        .and.contain('\n* -text\n')
    })
  })

  it('leaves what it finds as it is', async () => {
    edit(path('app/dev/revisions/4.yaml'), (text) => text.replace('Ada', 'Eve'))
    writeFileSync(path('app/dev/.tmp-1-bb'), 'x')
    const tree = () => readdirSync(place.folder, { recursive: true, encoding: 'utf8' }).sort()
    const before = tree()
    await check()
    expect(tree()).to.deep.equal(before)
  })
})
