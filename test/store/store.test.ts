import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { environmentName, Store } from '../../src/store/index.ts'
import { newestNumber } from '../../src/store/revisions/newest.ts'
import { digestOf, formatRevision } from '../../src/store/revisions/revision-file.ts'
import { author, by, created, errorOf, Machine, realFolder, save } from './worlds.ts'

describe('a store', () => {
  let place: ReturnType<typeof realFolder>
  let folder: string
  let store: Store

  beforeEach(() => {
    place = realFolder()
    folder = join(place.folder, 'environments')
    store = Store.init(folder, { organization: 'acme' }, place.world)
  })
  afterEach(() => place.remove())

  it('is made once, keeping what is in the folder', async () => {
    const other = join(place.folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, '.gitignore'), 'mine')
    Store.init(other, {}, place.world)
    expect(readFileSync(join(other, '.gitignore'), 'utf8')).to.equal('mine\n.esc/\n.tmp-*\n')
    const error = await errorOf(() => Store.init(other, {}, place.world))
    expect(error).to.include({ code: 'already_exists' })
  })

  it('is found from inside, from above, and from beside it', () => {
    mkdirSync(join(folder, 'a', 'b'), { recursive: true })
    mkdirSync(join(place.folder, 'src', 'deep'), { recursive: true })
    for (const from of ['environments/a/b', 'environments', '.', 'src/deep']) {
      expect(Store.find(join(place.folder, from), place.world).folder).to.equal(folder)
    }
  })

  it('is not found where there is none, with a remedy', async () => {
    const error = await errorOf(() => Store.find('/proc', place.world))
    expect(error).to.include({ code: 'not_found' })
    expect(error.message).to.contain('/proc')
    expect(error.remedies).to.deep.equal([{ do: 'create-store' }])
    expect(await errorOf(() => Store.open(place.folder, place.world))).to.include({ code: 'not_found' })
  })

  it('knows its organization and default secrets provider', () => {
    const { configuration } = Store.open(folder, place.world)
    expect(configuration).to.include({ organization: 'acme', defaultSecretsProvider: 'default' })
    writeFileSync(join(folder, 'esc.yaml'), 'version: 1\n')
    const bare = Store.open(folder, place.world)
    expect(bare.configuration).to.include({ organization: 'local', defaultSecretsProvider: 'default' })
  })

  it('is refused when its format is newer, or none', async () => {
    writeFileSync(join(folder, 'esc.yaml'), 'version: 3\n')
    const newer = await errorOf(() => Store.open(folder, place.world))
    expect(newer.message).to.contain('version 3; this esc knows up to 2')
    expect(newer.hint).to.contain('newer esc')
    for (const text of ['', 'version: x\n', '[', 'organization: x\n']) {
      writeFileSync(join(folder, 'esc.yaml'), text)
      expect(await errorOf(() => Store.open(folder, place.world)), text).to.include({ code: 'store_damaged' })
    }
  })

  it('refuses a secrets provider it does not know', async () => {
    const error = await errorOf(() => store.additions.create('a/b', { ...by, secretsProvider: 'rot13://x' }))
    expect(error.message).to.match(/^unknown secrets provider type .rot13. \(supported values: default, passphrase, /)
    expect(store.list()).to.deep.equal([])
  })

  describe('with environments', () => {
    it('starts each with one empty revision and no key', async () => {
      const environment = await store.additions.create('rotators/ci', by)
      expect(environment.current()).to.deep.include({ number: 1, definition: '', change: 'create', author, created })
      expect(readdirSync(environment.folder).sort()).to.deep.equal(['environment.yaml', 'revisions', 'settings.yaml'])
      expect(environment.settings.wrappedDataKey).to.equal(undefined)
      expect(environment.definitionState()).to.equal('clean')
    })

    it('lists them by name, and nothing else', async () => {
      for (const name of ['b/z', 'a/y', 'a/b.c', 'lonely']) await store.additions.create(name, by)
      mkdirSync(join(folder, 'a', 'not-one'))
      mkdirSync(join(folder, 'docs'))
      expect(store.list()).to.deep.equal(['a/b.c', 'a/y', 'b/z', 'default/lonely'])
    })

    it('suggests the nearest name for an unknown one', async () => {
      await store.additions.create('rotators/ci', by)
      await store.additions.create('credentials/production', by)
      const near = await errorOf(() => store.environment('rotator/ci'))
      expect(near).to.include({ code: 'not_found', hint: "did you mean 'rotators/ci'?" })
      expect(near.message).to.equal("environment 'rotator/ci' does not exist")
      expect((await errorOf(() => store.environment('production'))).hint).to.contain('credentials/production')
      expect((await errorOf(() => store.environment('x/completely-else'))).remedies).to.deep.equal([
        { do: 'list-environments' },
        { do: 'create-environment', environment: 'x/completely-else' },
      ])
    })

    it('refuses a name that is taken, by case, or by something else', async () => {
      await store.additions.create('rotators/ci', by)
      for (const [name, problem] of [
        ['rotators/ci', 'already exists'],
        ['rotators/CI', 'only in case'],
        ['Rotators/new', 'only in case'],
      ] as const) {
        const error = await errorOf(() => store.additions.create(name, by))
        expect(error, name).to.include({ code: 'already_exists' })
        expect(error.message).to.contain(problem)
      }
      mkdirSync(join(folder, 'rotators', 'notes'))
      writeFileSync(join(folder, 'rotators', 'notes', 'todo.txt'), 'mine')
      expect(await errorOf(() => store.additions.create('rotators/notes', by))).to.include({ code: 'already_exists' })
      expect(readdirSync(join(folder, 'rotators')).sort()).to.deep.equal(['ci', 'notes'])
      expect(readFileSync(join(folder, 'rotators', 'notes', 'todo.txt'), 'utf8')).to.equal('mine')
    })

    const badNames: [string, string][] = [
      ['a/b/c', 'project/environment'],
      ['', 'is empty'],
      ['a/', 'is empty'],
      ['a/../b', 'project/environment'],
      ['../b', 'dot'],
      ['.esc/b', 'dot'],
      ['esc.yaml/b', "store's own file"],
      ['a/b c', "character ' '"],
      ['a/ü', "character 'ü'"],
      ['a/b@1', "character '@'"],
      [`a/${'x'.repeat(101)}`, '100 characters'],
    ]
    for (const [name, problem] of badNames) {
      it(`refuses the name '${name.slice(0, 12)}'`, async () => {
        const error = await errorOf(() => store.additions.create(name, by))
        expect(error).to.include({ code: 'invalid_input' })
        expect(`${error.message} ${error.hint}`).to.contain(problem)
      })
    }

    it('keeps the folder of every acceptable name inside the store', () => {
      fc.assert(
        fc.property(fc.string({ unit: fc.constantFrom(...'ab./-_\\: ') }), (text) => {
          let name: string
          try {
            name = environmentName(text)
          } catch {
            return
          }
          expect(join('/store', name)).to.match(/^\/store\/[\w-][\w.-]*\/[\w-][\w.-]*$/)
        }),
      )
    })

    it('removes one as a whole, so that it can be brought back', async () => {
      const environment = await store.additions.create('rotators/ci', by)
      await environment.append({ base: 1, definition: 'a: 1\n', change: 'edit', ...by })
      const { id } = environment
      await store.removal.remove('rotators/ci', { author, removed: created })
      expect(store.list()).to.deep.equal([])
      const kept = join(folder, '.removed', `rotators+ci+${id}`)
      expect(readFileSync(join(kept, 'revisions', '2.yaml'), 'utf8')).to.contain('a: 1\n')
      expect(JSON.parse(readFileSync(join(kept, 'removed.json'), 'utf8'))).to.deep.equal({
        at: created.toISOString(),
        by: author.email,
        name: 'rotators/ci',
      })
      expect((await store.additions.create('rotators/ci', by)).id).to.not.equal(id)
    })

    it('does not remove one that is protected, being rotated, or in the middle of a rotation', async () => {
      const environment = await store.additions.create('rotators/ci', by)
      const remove = () => store.removal.remove('rotators/ci', { author, removed: created })
      await environment.settingsWriter.change({ deletionProtected: true })
      const protectedError = await errorOf(remove)
      expect(protectedError).to.include({ code: 'conflict' })
      expect(protectedError.remedies).to.deep.equal([{ do: 'allow-removal', environment: 'rotators/ci' }])
      await environment.settingsWriter.change({ deletionProtected: false })
      await environment.journal().put('x', Buffer.from('a credential'))
      expect((await errorOf(remove)).remedies).to.deep.include({ do: 'rotate', environment: 'rotators/ci', paths: [] })
      await environment.journal().remove('x')
      await remove()
      expect(store.list()).to.deep.equal([])
    })

    it('shows no plaintext and lets nobody else read what is this machine’s', async () => {
      const environment = await store.additions.create('rotators/ci', by)
      await environment.journal().put('x', Buffer.from('a credential'))
      const journal = environment.journal().folder
      for (const kept of [store.state.machine, store.state.folder, journal]) {
        expect(statSync(kept).mode & 0o777).to.equal(0o700)
      }
      for (const name of readdirSync(journal)) {
        expect(statSync(join(journal, name)).mode & 0o777).to.equal(0o600)
        expect(readFileSync(join(journal, name)).includes('credential')).to.equal(false)
      }
    })
  })

  describe('with an environment edited by hand', () => {
    it('refuses to write until the edit is saved or discarded', async () => {
      const environment = await store.additions.create('rotators/ci', by)
      const file = join(environment.folder, 'environment.yaml')
      writeFileSync(file, 'values: {}\n')
      expect(environment.definitionState()).to.equal('edited')
      expect(environment.current().definition).to.equal('')
      const append = (savedEdit?: string) =>
        environment.append({
          base: 1,
          definition: 'a: 1\n',
          change: 'edit',
          ...by,
          ...(savedEdit ? { savedEdit } : {}),
        })
      const error = await errorOf(() => append())
      expect(error).to.include({ code: 'unsaved_edit' })
      expect(error.message).to.contain(file)
      expect(await errorOf(() => append('values: other\n'))).to.include({ code: 'unsaved_edit' })
      expect(readFileSync(file, 'utf8')).to.equal('values: {}\n')
      expect((await append('values: {}\n')).number).to.equal(2)
      expect(environment.definitionState()).to.equal('clean')
      writeFileSync(file, 'values: again\n')
      await environment.restoreDefinition()
      expect(readFileSync(file, 'utf8')).to.equal('a: 1\n')
    })

    it('takes an older or missing file for stale, and puts it right', async () => {
      const environment = await store.additions.create('rotators/ci', by)
      await environment.append({ base: 1, definition: 'a: 1\n', change: 'edit', ...by })
      const file = join(environment.folder, 'environment.yaml')
      writeFileSync(file, '')
      expect(environment.definitionState()).to.equal('stale')
      await environment.append({ base: 2, definition: 'a: 2\n', change: 'edit', ...by })
      expect(readFileSync(file, 'utf8')).to.equal('a: 2\n')
    })
  })

  it('tells the loser of two changes who came first', async () => {
    const environment = await store.additions.create('rotators/ci', by)
    const other = Store.open(folder, place.world).environment('rotators/ci')
    await environment.append({ base: 1, definition: 'a: 1\n', change: 'edit', ...by })
    const error = await errorOf(() => other.append({ base: 1, definition: 'a: 2\n', change: 'edit', ...by }))
    expect(error).to.include({ code: 'conflict' })
    expect(error.message).to.contain('from revision 1, and Ada Lovelace has since saved revision 2')
    expect(error.hint).to.be.a('string')
  })

  it('gives two that make the data key at the same time the same one', async () => {
    await store.additions.create('rotators/ci', by)
    const handles = Array.from({ length: 5 }, () => Store.open(folder, place.world).environment('rotators/ci'))
    const keys = await Promise.all(handles.map((handle) => handle.dataKey()))
    const ciphertexts = keys.map((key, index) => key.encrypt(`secret ${index}`))
    const key = await Store.open(folder, place.world).environment('rotators/ci').unlock()
    expect(ciphertexts.map((ciphertext) => key.decrypt(ciphertext))).to.deep.equal(keys.map((_, i) => `secret ${i}`))
  })

  it('removes, when it writes, what killed processes have left in its state, and nothing that is new', async () => {
    const environment = await store.additions.create('rotators/ci', by)
    await environment.journal().put('x', Buffer.from('a credential'))
    const locks = join(store.state.folder, 'locks')
    const leftovers = [locks, environment.journal().folder].map((name) => join(name, '.tmp-1-aa'))
    const fresh = join(locks, '.tmp-1-bb')
    for (const file of [...leftovers, fresh]) writeFileSync(file, 'x')
    for (const file of leftovers) utimesSync(file, created, new Date('2020-01-01'))
    await environment.journal().put('x', Buffer.from('another'))
    await environment.append({ base: 1, definition: 'a: 1\n', change: 'edit', ...by })
    expect([...leftovers, fresh].filter((file) => existsSync(file))).to.deep.equal([fresh])
  })

  it('does not make a key to read with', async () => {
    const environment = await store.additions.create('rotators/ci', by)
    expect(await errorOf(() => environment.unlock())).to.include({ code: 'key_unavailable' })
    await environment.verify(environment.current())
    expect(await environment.journal().list()).to.deep.equal([])
    expect(environment.settings.wrappedDataKey).to.equal(undefined)
  })

  it('reports a revision there is none of, and one that is missing', async () => {
    const environment = await store.additions.create('rotators/ci', by)
    for (const number of [2, 0, -1, 1.5, Number.NaN]) {
      const error = await errorOf(() => environment.revision(number))
      expect(error).to.include({ code: 'not_found' })
      expect(error.message).to.contain('the newest is 1')
    }
  })
})

describe('the newest revision', () => {
  it('is found by looking at a few names, whatever the hint', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (newest, hint) => {
        let looks = 0
        const exists = (number: number) => {
          looks++
          return number >= 1 && number <= newest
        }
        expect(newestNumber(exists, hint)).to.equal(newest)
        expect(looks).to.be.lessThan(40)
      }),
    )
  })

  it('is opened with one unwrap of the key, however many secrets it holds', async () => {
    const machine = new Machine()
    const environment = await machine.init().additions.create('rotators/ci', by)
    await save(environment, Array.from({ length: 1000 }, (_, n) => `s${n}: enc:n${n}\n`).join(''))
    const reads = { key: 0 }
    const world = machine.world()
    const readFile = machine.files.readFile.bind(machine.files)
    machine.files.readFile = (path) => {
      if (path.endsWith('default.key')) reads.key++
      return readFile(path)
    }
    const reader = Store.open('/work/environments', world).environment('rotators/ci')
    const revision = reader.current()
    for (const [, base64] of revision.definition.matchAll(/enc\((.*)\)/g)) {
      ;(await reader.unlock(revision)).decrypt(Buffer.from(base64!, 'base64'))
    }
    expect(reads.key).to.equal(1)
  })

  it('costs as many file-system calls to read or add after 10,000 as after 10', async () => {
    const costs = await Promise.all(
      [10, 10_000].map(async (count) => {
        const machine = new Machine()
        const environment = await machine.init().additions.create('rotators/ci', by)
        let previous = environment.current().digest
        for (let number = 2; number <= count; number++) {
          const record = { number, created, author, change: 'set', previous, details: {} }
          const bytes = formatRevision(record, '')
          machine.files.put(`${environment.folder}/revisions/${number}.yaml`, Buffer.from(bytes).toString())
          previous = digestOf(bytes)
        }
        await environment.append({ base: count, definition: 'a: 1\n', change: 'set', ...by })
        const cost = async (run: () => unknown) => {
          const before = machine.files.calls
          await run()
          return machine.files.calls - before
        }
        const again = machine.open().environment('rotators/ci')
        return [
          await cost(() => again.current()),
          await cost(() => again.append({ base: count + 1, definition: 'a: 2\n', change: 'set', ...by })),
        ]
      }),
    )
    expect(costs[1]).to.deep.equal(costs[0])
  })
})
