import { expect } from 'chai'
import { writeTemporary } from '../../src/files/index.ts'
import { Store } from '../../src/store/index.ts'
import { archiveNamed } from '../../src/store/revisions/archive/archive-name.ts'
import { definitionsOf, grow, inFolder, revisionsFolder } from './pruned.ts'
import { name } from './sweep.ts'
import { by, errorOf, Machine, reencrypt } from './worlds.ts'

async function expectNoFindings(store: Store): Promise<void> {
  expect((await store.upkeep.check()).findings).to.deep.equal([])
}

describe('pruning an environment', () => {
  it('packs all but the newest revisions into one file, and each is read as before', async () => {
    const machine = new Machine()
    const store = machine.init()
    const definitions = await grow(store, 10)
    const originals = definitions.map((_, index) => store.environment(name).revision(index + 1))
    const pruned = await store.upkeep.prune(name, { keep: 3 })
    expect(pruned).to.deep.include({ packed: { first: 1, last: 7 }, newest: 10, verified: true })
    expect(pruned.archives).to.have.lengthOf(1)
    expect(inFolder(machine)).to.deep.equal(['1-7.archive', '8.yaml', '9.yaml', '10.yaml'])
    const later = machine.open()
    expect(definitionsOf(later)).to.deep.equal(definitions)
    const environment = later.environment(name)
    for (const original of originals) {
      const { file, ...revision } = environment.resolve(String(original.number))
      expect({ ...revision, file: original.file }).to.deep.equal(original)
      await environment.verify(environment.revision(original.number))
      if (original.number <= 7) expect(file).to.equal(`/work/environments/${pruned.archives[0]}`)
    }
    await expectNoFindings(later)
  })

  it('says the same beforehand, and writes nothing', async () => {
    const machine = new Machine()
    const store = machine.init()
    await grow(store, 40)
    const tree = JSON.stringify(machine.files.tree())
    const planned = await store.upkeep.prune(name, { keep: 5, dryRun: true })
    expect(JSON.stringify(machine.files.tree())).to.equal(tree)
    expect(planned.before).to.be.above(planned.after)
    expect(await store.upkeep.prune(name, { keep: 5 })).to.deep.equal({ ...planned, verified: true })
    const sizes = machine.files
      .list(revisionsFolder)
      .map((each) => machine.files.stat(`${revisionsFolder}/${each}`)?.size ?? 0)
    expect(sizes.reduce((sum, size) => sum + size)).to.equal(planned.after)
  })

  it('packs what is older than a time', async () => {
    const machine = new Machine()
    const store = machine.init()
    await grow(store, 10)
    // Revision n was made n - 1 hours after the first.
    const before = new Date(by.created.getTime() + 4 * 3_600_000)
    const { packed } = await store.upkeep.prune(name, { keep: 2, before })
    expect(packed).to.deep.equal({ first: 1, last: 4 })
    expect((await machine.open().upkeep.prune(name, { keep: 2, before })).packed).to.equal(undefined)
  })

  it('leaves the newest and the one before it, whatever is asked for', async () => {
    const machine = new Machine()
    const store = machine.init()
    await grow(store, 4)
    expect((await store.upkeep.prune(name, { keep: 0 })).packed).to.deep.equal({ first: 1, last: 2 })
    expect((await store.upkeep.prune(name, { keep: 1, before: new Date('2100-01-01') })).packed).to.equal(undefined)
  })

  it('opens the newest revision without touching an archive', async () => {
    const machine = new Machine()
    await grow(machine.init(), 8)
    await machine.open().upkeep.prune(name, { keep: 2 })
    const world = machine.world()
    const touched: string[] = []
    const files = new Proxy(machine.files, {
      get: (target, key) => {
        const value = Reflect.get(target, key, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          touched.push(`${String(key)} ${args[0]}`)
          return value.apply(target, args)
        }
      },
    })
    const environment = Store.open('/work/environments', { ...world, files }).environment(name)
    await environment.unlock(environment.current())
    expect(environment.definitionState()).to.equal('clean')
    expect(touched.filter((call) => call.includes('.archive'))).to.deep.equal([])
    // And not even the names in the folder, where nothing has changed since.
    expect(touched.filter((call) => call.startsWith('list') && call.includes('revisions'))).to.deep.equal([])
    environment.revision(1)
    expect(touched.filter((call) => call.includes('.archive'))).not.to.deep.equal([])
  })

  it('takes small archives into the next, and leaves large ones alone', async () => {
    const machine = new Machine()
    const store = machine.init()
    const names: string[][] = []
    for (let count = 6; count <= 22; count += 4) {
      const definitions = await grow(store, count)
      await store.upkeep.prune(name, { keep: 2 })
      names.push(inFolder(machine).filter((each) => each.endsWith('.archive')))
      expect(definitionsOf(machine.open())).to.deep.equal(definitions)
      await expectNoFindings(machine.open())
    }
    expect(names).to.deep.equal([
      ['1-4.archive'],
      ['1-8.archive'],
      ['1-8.archive', '9-12.archive'],
      ['1-16.archive'],
      ['1-16.archive', '17-20.archive'],
    ])
  })

  it('lets tags, retractions, rollbacks and appends go on', async () => {
    const machine = new Machine()
    const store = machine.init()
    await grow(store, 8)
    await store.environment(name).versions.tag('stable', '2', by)
    await store.upkeep.prune(name, { keep: 2 })
    const environment = machine.open().environment(name)
    expect(environment.resolve('stable').number).to.equal(2)
    await environment.versions.tag('old', '3', by)
    await environment.versions.retract('3', by)
    expect((await errorOf(() => environment.resolve('3'))).code).to.equal('retracted')
    expect(environment.resolve('old').number).to.equal(2)
    const { definition } = environment.resolve('1')
    await environment.append({ base: 8, definition, change: 'rollback', details: { from: '1' }, ...by })
    expect(machine.open().environment(name).current().number).to.equal(9)
    await expectNoFindings(machine.open())
    expect((await errorOf(() => environment.revision(99))).code).to.equal('not_found')
    expect((await errorOf(() => environment.revision(0))).code).to.equal('not_found')
  })

  it('re-encrypts what is packed, and packs it again', async () => {
    const machine = new Machine()
    const store = machine.init()
    await grow(store, 9)
    await store.upkeep.prune(name, { keep: 3 })
    const [before] = inFolder(machine)
    const archive = machine.files.list(revisionsFolder).find((each) => archiveNamed(each))
    const env = { ESC_PASSPHRASE: 'correct horse battery staple' }
    await machine.open(env).keys.changeSecretsProvider(name, { secretsProvider: 'passphrase', reencrypt })
    expect(inFolder(machine)).to.deep.equal([before, '7.yaml', '8.yaml', '9.yaml'])
    expect(machine.files.list(revisionsFolder)).not.to.include(archive)
    const later = machine.open(env)
    const environment = later.environment(name)
    for (const revision of environment.history()) {
      if (revision.number === 1) continue
      const key = await environment.unlock(revision)
      const [, base64 = ''] = /enc\((.*)\)/.exec(revision.definition) ?? []
      expect(key.decrypt(Buffer.from(base64, 'base64'))).to.equal(`hunter${revision.number}`)
    }
    await expectNoFindings(later)
  })

  it('clones what is packed, with its history', async () => {
    const machine = new Machine()
    const store = machine.init()
    const definitions = await grow(store, 9)
    await store.upkeep.prune(name, { keep: 3 })
    await machine.open().additions.clone(name, 'rotators/copy', { ...by, preserveHistory: true, reencrypt })
    expect(inFolder(machine, '/work/environments/rotators/copy/revisions')).to.deep.equal(inFolder(machine))
    const later = machine.open()
    const copied = [...later.environment('rotators/copy').history()].reverse()
    expect(copied.map(({ definition }) => definition.replace(/enc.*/, ''))).to.deep.equal(
      definitions.map((definition) => definition.replace(/enc.*/, '')),
    )
    await expectNoFindings(later)
  })

  it('comes back as it was when it is removed and restored', async () => {
    const machine = new Machine()
    const store = machine.init()
    const definitions = await grow(store, 6)
    await store.upkeep.prune(name, { keep: 2 })
    await store.removal.remove(name, { author: by.author, removed: by.created })
    await store.removal.restore(name)
    expect(definitionsOf(machine.open())).to.deep.equal(definitions)
  })

  it('needs no key, and says that the seal was not verified', async () => {
    const machine = new Machine()
    await grow(machine.init(), 6)
    const keyless = machine.world()
    const store = Store.open('/work/environments', { ...keyless, keys: { ...keyless.keys, configFolder: '/nowhere' } })
    const pruned = await store.upkeep.prune(name, { keep: 2 })
    expect(pruned).to.deep.include({ packed: { first: 1, last: 4 }, verified: false })
    await expectNoFindings(machine.open())
  })

  it('raises the version of the format before it writes an archive, and only then', async () => {
    const machine = new Machine()
    const store = machine.init()
    const configuration = () => machine.files.readText('/work/environments/esc.yaml')
    await grow(store, 6)
    await store.upkeep.prune(name, { keep: 6 })
    await store.upkeep.prune(name, { keep: 2, dryRun: true })
    expect(configuration()).to.include('\nversion: 1\n')
    await store.upkeep.prune(name, { keep: 2 })
    expect(configuration()).to.include('\nversion: 2\n')
    overwrite(machine, '/work/environments/esc.yaml', Buffer.from(configuration().replace('version: 2', 'version: 3')))
    const error = await errorOf(() => machine.open())
    expect(error.message).to.include('format version 3').and.include('up to 2')
  })
})

describe('a pruned environment that somebody has changed', () => {
  const damage = async (change: (machine: Machine, archive: string) => void) => {
    const machine = new Machine()
    await grow(machine.init(), 8)
    await machine.open().upkeep.prune(name, { keep: 3 })
    const archive = machine.files.list(revisionsFolder).find((each) => archiveNamed(each)) as string
    change(machine, `${revisionsFolder}/${archive}`)
    return { machine, archive }
  }

  it('opens its newest revision, and names the archive where any byte of it is another', async () => {
    for (const at of [0, 20, 60, 300]) {
      const { machine, archive } = await damage((machine, path) => {
        const bytes = Buffer.from(machine.files.readFile(path))
        overwrite(machine, path, bytes.fill((bytes[at] as number) ^ 1, at, at + 1))
      })
      const store = machine.open()
      expect(store.environment(name).current().number).to.equal(8)
      const error = await errorOf(() => store.environment(name).revision(2))
      expect(error.code).to.equal('store_damaged')
      expect(error.message).to.include(archive)
      const { findings } = await store.upkeep.check()
      expect(findings.map(({ kind, severity, file }) => [kind, severity, file.includes(archive)])).to.deep.equal([
        ['damaged', 'error', true],
      ])
    }
  })

  it('is refused where the archive is gone', async () => {
    const { machine } = await damage((machine, path) => machine.files.unlink(path))
    expect((await errorOf(() => machine.open().environment(name).revision(5))).message).to.include('revision 1 of')
    const kinds = (await machine.open().upkeep.check()).findings.map(({ kind }) => kind)
    expect(kinds).to.include('missing_revision')
  })

  it('is refused where a sound archive with other revisions was put in its place', async () => {
    const { encodeArchive } = await import('../../src/store/revisions/archive/encode-archive.ts')
    const { decodeArchive } = await import('../../src/store/revisions/archive/decode-archive.ts')
    const { archiveDigest } = await import('../../src/store/revisions/archive/packed-revisions.ts')
    const { machine } = await damage((machine, path) => {
      const records = decodeArchive(machine.files.readFile(path), path)
      records[2] = Buffer.from(records[2]?.toString().replace('number: 3', 'number: 4') as string)
      const bytes = encodeArchive(records)
      machine.files.unlink(path)
      write(machine, `${revisionsFolder}/1-5-${archiveDigest(bytes)}.archive`, bytes)
    })
    const environment = machine.open().environment(name)
    expect((await errorOf(() => environment.resolve('3'))).code).to.equal('tampered')
    expect((await errorOf(() => environment.verify(environment.revision(3)))).code).to.equal('tampered')
    const kinds = (await machine.open().upkeep.check()).findings.map(({ kind }) => kind)
    expect(kinds).to.include('tampered').and.include('history_fork')
    // Nor is it taken into a new one.
    const store = machine.open()
    for (let base = 8; base < 16; base++) {
      await store.environment(name).append({ base, definition: `values: {at: ${base}}\n`, change: 'edit', ...by })
    }
    expect((await errorOf(() => store.upkeep.prune(name, { keep: 2 }))).code).to.equal('tampered')
  })

  it('is not packed when a revision was changed before', async () => {
    const machine = new Machine()
    await grow(machine.init(), 8)
    const file = `${revisionsFolder}/3.yaml`
    overwrite(machine, file, Buffer.from(machine.files.readText(file).replace('number: 3', 'number: 4')))
    const before = inFolder(machine)
    expect((await errorOf(() => machine.open().upkeep.prune(name, { keep: 2 }))).code).to.equal('tampered')
    expect(inFolder(machine)).to.deep.equal(before)
    expect(machine.files.readText('/work/environments/esc.yaml')).to.include('\nversion: 1\n')
  })
})

/** Also over a file that is there. */
function overwrite(machine: Machine, path: string, bytes: Uint8Array): void {
  machine.files.unlink(path)
  write(machine, path, bytes)
}

function write(machine: Machine, path: string, bytes: Uint8Array): void {
  writeTemporary(machine.files, path, bytes)
}
