import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Environment } from '../../src/store/index.ts'
import { Store } from '../../src/store/index.ts'
import { by, errorOf, realFolder } from './worlds.ts'

describe('a store that somebody without the key has changed', () => {
  let place: ReturnType<typeof realFolder>
  let folder: string

  beforeEach(async () => {
    place = realFolder()
    folder = join(place.folder, 'environments')
    const store = Store.init(folder, {}, place.world)
    for (const name of ['rotators/ci', 'rotators/other']) {
      const environment = await store.additions.create(name, by)
      for (let base = 1; base < 4; base++) {
        const key = await environment.dataKey()
        const secret = (text: string) => Buffer.from(key.encrypt(text)).toString('base64')
        const definition = `a: ${secret(`${name} a${base}`)}\nb: ${secret(`${name} b${base}`)}\n`
        await environment.append({ base, definition, change: 'edit', ...by })
      }
    }
  })
  afterEach(() => place.remove())

  const file = (number: number, name = 'rotators/ci') => join(folder, name, 'revisions', `${number}.yaml`)

  function fresh(name = 'rotators/ci'): Environment {
    return Store.open(folder, place.world).environment(name)
  }

  /** As on a machine that sees this store for the first time. */
  function elsewhere(name = 'rotators/ci'): Environment {
    rmSync(join(place.folder, 'state'), { recursive: true, force: true })
    return fresh(name)
  }

  async function open(environment: Environment): Promise<string[]> {
    const revision = environment.current()
    const key = await environment.unlock(revision)
    return [...revision.definition.matchAll(/: (.*)/g)].map((match) => key.decrypt(Buffer.from(match[1]!, 'base64')))
  }

  function edit(path: string, change: (text: string) => string): void {
    const before = readFileSync(path, 'utf8')
    const after = change(before)
    expect(after).to.not.equal(before)
    writeFileSync(path, after)
  }

  async function expectTampered(environment: Environment, ...mentions: (string | RegExp)[]): Promise<void> {
    const error = await errorOf(() => open(environment))
    expect(error.code).to.equal('tampered')
    for (const mention of mentions) expect(error.message).to.match(new RegExp(mention))
    expect(error.hint).to.be.a('string')
  }

  it('opens as long as nothing was changed', async () => {
    expect(await open(elsewhere())).to.deep.equal(['rotators/ci a3', 'rotators/ci b3'])
  })

  it('is refused with any one byte of the newest revision flipped', async () => {
    const original = readFileSync(file(4))
    for (let index = 0; index < original.length; index++) {
      const changed = Buffer.from(original)
      changed[index]! ^= 1
      writeFileSync(file(4), changed)
      const error = await errorOf(() => open(elsewhere()))
      expect(error.code, `byte ${index}`).to.be.oneOf(['tampered', 'store_damaged'])
      expect(error.message).to.contain(file(4))
      expect(error.message).to.match(/revision|record/)
    }
  })

  it('is refused with a seal written differently, though it decodes to the same', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    edit(file(4), (text) =>
      text.replace(/^(seal: .*)(.)$/m, (_, start, last) => start + alphabet[alphabet.indexOf(last) ^ 1]),
    )
    await expectTampered(elsewhere(), 'seal of revision 4')
  })

  it('is refused when two ciphertexts of one definition were swapped', async () => {
    edit(file(4), (text) => text.replace(/a: (.*)\nb: (.*)\n/, 'a: $2\nb: $1\n'))
    await expectTampered(elsewhere(), 'seal of revision 4', file(4))
  })

  it('is refused when a ciphertext of another environment was put in', async () => {
    const foreign = /a: (.*)/.exec(readFileSync(file(4, 'rotators/other'), 'utf8'))![1]!
    const environment = fresh()
    const key = await environment.unlock()
    const error = await errorOf(() => key.decrypt(Buffer.from(foreign, 'base64')))
    expect(error.code).to.equal('tampered')
    expect(error.message).to.contain("environment 'rotators/ci'")
    edit(file(4), (text) => text.replace(/a: .*/, `a: ${foreign}`))
    await expectTampered(elsewhere(), 'seal of revision 4')
  })

  it('is refused when the record of a revision was edited', async () => {
    edit(file(4), (text) => text.replace('Ada Lovelace', 'Mallory'))
    await expectTampered(elsewhere(), 'seal of revision 4', file(4))
  })

  it('is refused when the revision before the newest was edited', async () => {
    edit(file(3), (text) => text.replace('Ada Lovelace', 'Mallory'))
    await expectTampered(elsewhere(), 'revision 3', file(3))
  })

  it('is refused when the seal was taken off', async () => {
    edit(file(4), (text) => text.replace(/^seal: .*\n/m, ''))
    await expectTampered(elsewhere(), 'revision 4', 'lost its seal', file(4))
  })

  it('is refused when the settings say that later revisions need no seal', async () => {
    edit(file(4), (text) => text.replace(/^seal: .*\n/m, '').replace('Ada', 'Eve'))
    edit(join(folder, 'rotators/ci/settings.yaml'), (text) => text.replace('sealedFrom: 2', 'sealedFrom: 9'))
    await expectTampered(elsewhere(), 'sealedFrom')
    edit(join(folder, 'rotators/ci/settings.yaml'), (text) => text.replace('sealedFrom: 9\n', ''))
    await expectTampered(elsewhere(), 'sealedFrom')
  })

  describe('without the revisions that are sealed', () => {
    const settings = (name = 'rotators/ci') => join(folder, name, 'settings.yaml')
    const forged = (definition: string) =>
      `revision: 1\ncreated: 2026-11-20T10:00:00.000Z\nauthor: Mallory\nchange: create\n---\n${definition}`

    function cut(name = 'rotators/ci', from = 2): void {
      for (let number = from; number <= 4; number++) rmSync(file(number, name))
    }

    /** Everything that reads, on a machine that sees the store for the first time. */
    async function expectRefused(name = 'rotators/ci', named = [file(1, name)]): Promise<void> {
      const readers: Record<string, () => unknown> = {
        current: () => elsewhere(name).current(),
        'version 1': () => elsewhere(name).resolve('1'),
        history: () => [...elsewhere(name).history()],
        open: () => open(elsewhere(name)),
        verify: async () => {
          const environment = elsewhere(name)
          await environment.verify(environment.revision(1))
        },
        append: () => elsewhere(name).append({ base: 1, definition: 'a: 1\n', change: 'edit', ...by }),
        clone: () =>
          Store.open(folder, place.world).additions.clone(name, 'rotators/copy', { ...by, reencrypt: (text) => text }),
        tag: () => elsewhere(name).versions.tag('stable', undefined, by),
        rewrap: () => Store.open(folder, place.world).keys.rewrap(name),
        'change of key': () =>
          Store.open(folder, place.world).keys.changeSecretsProvider(name, {
            secretsProvider: 'default',
            reencrypt: (text) => text,
          }),
      }
      for (const [reader, run] of Object.entries(readers)) {
        const error = await errorOf(run)
        expect(error.code, reader).to.equal('tampered')
        expect(
          named.some((path) => error.message.includes(path)),
          `${reader}: ${error.message}`,
        ).to.equal(true)
      }
      for (const useKeys of [true, false]) {
        const { findings } = await Store.open(folder, place.world).upkeep.check({ environments: [name], useKeys })
        const found = findings.filter(({ severity, file: at }) => severity === 'error' && at === file(1, name))
        expect(found.map(({ kind }) => kind)).to.include('tampered')
      }
    }

    it('is refused with another revision 1, by everything that reads it, with the key and without', async () => {
      cut()
      writeFileSync(file(1), forged('a: evil\n'))
      await expectRefused()
    })

    it('is refused with a revision 1 that holds a ciphertext of a later one, or a seal of its own', async () => {
      const text = readFileSync(file(4), 'utf8')
      const ciphertext = /a: (.*)/.exec(text)![1]!
      cut()
      writeFileSync(file(1), forged(`a: ${ciphertext}\nb: ${ciphertext}\n`))
      await expectRefused()
      writeFileSync(file(1), forged('a: 1\n').replace('---', `${/^seal: .*$/m.exec(text)![0]}\n---`))
      await expectRefused()
    })

    it('is refused when the promise was taken out of the settings', async () => {
      cut()
      writeFileSync(file(1), forged('a: evil\n'))
      edit(settings(), (text) => text.replace(/^sealedAfter: .*\n/m, ''))
      await expectRefused('rotators/ci', [file(1), settings()])
      // Empty, it is no more than the old format had; but the settings are not what was sealed.
      writeFileSync(file(1), forged(''))
      await expectTampered(elsewhere(), 'settings.yaml was changed')
    })

    it('is refused in a store of the attacker, with copied settings and a copied ciphertext', async () => {
      const ciphertext = /a: (.*)/.exec(readFileSync(file(4), 'utf8'))![1]!
      const own = join(folder, 'rotators/mine')
      mkdirSync(join(own, 'revisions'), { recursive: true })
      writeFileSync(settings('rotators/mine'), readFileSync(settings()))
      writeFileSync(file(1, 'rotators/mine'), forged(`a: ${ciphertext}\nb: ${ciphertext}\n`))
      await expectRefused('rotators/mine', [file(1, 'rotators/mine'), settings('rotators/mine')])
    })

    it('opens at the revision that the key was made after, which is what it was then', async () => {
      cut()
      rmSync(join(folder, 'rotators/ci/environment.yaml'))
      const environment = elsewhere()
      expect(environment.current().number).to.equal(1)
      await environment.verify(environment.current())
      await environment.append({ base: 1, definition: 'a: 1\n', change: 'edit', ...by })
    })
  })

  it('is refused in the folder of another environment, though every seal in it is right, also as a copy', async () => {
    const own = join(folder, 'rotators/ci')
    const other = join(folder, 'rotators/other')
    const between = join(folder, 'rotators/between')
    renameSync(own, between)
    renameSync(other, own)
    renameSync(between, other)
    await expectTampered(elsewhere(), "environment 'rotators/ci' holds the files of environment 'rotators/other'")
    await expectTampered(elsewhere('rotators/other'), "holds the files of environment 'rotators/ci'")
    // In one process, the key that the original was opened with does not open the copy.
    rmSync(own, { recursive: true })
    renameSync(other, own)
    const shared = Store.open(folder, place.world)
    cpSync(own, other, { recursive: true })
    await shared.environment('rotators/ci').unlock()
    await expectTampered(shared.environment('rotators/other'), "holds the files of environment 'rotators/ci'")
  })

  it('is refused, on a machine that sees it for the first time, with a revision missing in the middle', async () => {
    rmSync(file(3))
    for (const run of [() => elsewhere().current(), () => elsewhere().resolve('2'), () => open(elsewhere())]) {
      const error = await errorOf(run)
      expect(error.code).to.equal('store_damaged')
      expect(error.message).to.contain('revision 3').and.contain(file(3))
    }
  })

  it('is refused, on a machine that sees it for the first time, when it is shorter than a tag or a retraction says', async () => {
    const settings = join(folder, 'rotators/ci/settings.yaml')
    const before = readFileSync(settings)
    await fresh().versions.retract('3', by)
    const newest = readFileSync(file(4))
    rmSync(file(4))
    expect((await errorOf(() => elsewhere().current())).message).to.contain('speaks of revision 4')
    writeFileSync(file(4), newest)
    writeFileSync(settings, before)
    await elsewhere().versions.tag('stable', '4', by)
    rmSync(file(4))
    for (const run of [() => elsewhere().current(), () => open(elsewhere())]) {
      const error = await errorOf(run)
      expect(error.code).to.equal('tampered')
      expect(error.message).to.contain('cut short').and.contain('speaks of revision 4').and.contain(file(3))
    }
  })

  it('is refused at an older version that was replaced by a sealed one of another branch', async () => {
    const branch = join(place.folder, 'branch')
    cpSync(join(folder, 'rotators/ci'), branch, { recursive: true })
    await fresh().append({ base: 4, definition: 'a: 1\n', change: 'edit', ...by })
    const theirs = readFileSync(file(5))
    rmSync(join(folder, 'rotators/ci'), { recursive: true })
    cpSync(branch, join(folder, 'rotators/ci'), { recursive: true })
    const ours = elsewhere()
    for (const base of [4, 5, 6, 7]) await ours.append({ base, definition: `a: ${base}\n`, change: 'edit', ...by })
    await ours.versions.tag('stable', '5', by)
    expect((await ours.resolve('stable')).definition).to.equal('a: 4\n')
    writeFileSync(file(5), theirs)
    for (const version of ['5', 'stable', '4', '1']) {
      const error = await errorOf(() => elsewhere().resolve(version))
      expect(error.code, version).to.equal('tampered')
      expect(error.message).to.contain(file(5))
    }
    const environment = elsewhere()
    const error = await errorOf(() => environment.verify(environment.revision(5)))
    expect(error.message).to.contain(file(5))
    expect(await errorOf(() => [...elsewhere().history()])).to.include({ code: 'tampered' })
    // The newest does not go back to it directly, and is what it was.
    expect((await elsewhere().resolve(undefined)).number).to.equal(8)
  })

  it('is refused without its data key though the newest revision has no seal', async () => {
    edit(join(folder, 'rotators/ci/settings.yaml'), (text) =>
      text.replace(/^(wrappedDataKey|sealed|generation|settingsSeal).*\n/gm, ''),
    )
    const forged = 'revision: 5\ncreated: 2026-11-20T10:00:00.000Z\nauthor: Mallory\nchange: edit\n---\na: evil\n'
    writeFileSync(file(5), forged)
    for (const run of [
      () => elsewhere().dataKey(),
      async () => {
        const environment = elsewhere()
        await environment.verify(environment.current())
      },
    ]) {
      const error = await errorOf(run)
      expect(error.code).to.equal('store_damaged')
      expect(error.message).to.contain('wrappedDataKey')
    }
  })

  it('is refused when a revision from before the key was edited', async () => {
    edit(file(1), (text) => text.replace('Ada Lovelace', 'Mallory'))
    const environment = elsewhere()
    const error = await errorOf(() => environment.verify(environment.revision(1)))
    expect(error.code).to.equal('tampered')
    expect(error.message).to.contain(file(1))
  })

  it('is refused, where it was seen before, when the newest revision was removed', async () => {
    fresh().current()
    rmSync(file(4))
    const error = await errorOf(() => fresh().current())
    expect(error.code).to.equal('tampered')
    expect(error.message).to.contain('revision is 3, and this machine has seen revision 4')
    expect(error.hint).to.contain(join(Store.open(folder, place.world).state.folder, 'seen'))
  })

  it('is refused, where it was seen before, when an older whole history was put back', async () => {
    cpSync(join(folder, 'rotators/ci'), join(place.folder, 'old'), { recursive: true })
    const environment = fresh()
    for (const base of [4, 5]) await environment.append({ base, definition: `a: ${base}\n`, change: 'edit', ...by })
    rmSync(join(folder, 'rotators/ci'), { recursive: true })
    cpSync(join(place.folder, 'old'), join(folder, 'rotators/ci'), { recursive: true })
    await expectTampered(fresh(), 'cut short', 'revision is 4', 'seen revision 6')
  })

  it('is refused, where it was seen before, when another history of the same length was put in', async () => {
    cpSync(join(folder, 'rotators/ci'), join(place.folder, 'other'), { recursive: true })
    await fresh().append({ base: 4, definition: 'a: 1\n', change: 'edit', ...by })
    const ours = readFileSync(file(5))
    rmSync(join(folder, 'rotators/ci'), { recursive: true })
    cpSync(join(place.folder, 'other'), join(folder, 'rotators/ci'), { recursive: true })
    const other = elsewhere()
    await other.append({ base: 4, definition: 'a: 2\n', change: 'edit', ...by })
    await other.append({ base: 5, definition: 'a: 3\n', change: 'edit', ...by })
    writeFileSync(file(5), ours)
    await expectTampered(fresh(), 'revision 5', file(5))
  })

  it('is refused, where it was seen before, without its data key', async () => {
    fresh().current()
    edit(join(folder, 'rotators/ci/settings.yaml'), (text) =>
      text.replace(/^(wrappedDataKey|sealed|settingsSeal).*\n/gm, ''),
    )
    await expectTampered(fresh(), 'lost the data key')
    // Elsewhere nothing remembers, but a new key is not made over a sealed history.
    const error = await errorOf(() => elsewhere().dataKey())
    expect(error.code).to.equal('store_damaged')
    expect(error.message).to.contain('wrappedDataKey')
  })

  it('never gets a new seal over a changed revision', async () => {
    edit(file(4), (text) => text.replace('Ada Lovelace', 'Mallory'))
    const environment = elsewhere()
    const error = await errorOf(() => environment.append({ base: 4, definition: 'a: 1\n', change: 'edit', ...by }))
    expect(error.code).to.equal('tampered')
  })

  it('is no alarm to switch between git branches, but a branch itself cut short is', async () => {
    const head = (text: string) => writeFileSync(join(place.folder, '.git', 'HEAD'), text)
    mkdirSync(join(place.folder, '.git'))
    head('ref: refs/heads/feature\n')
    fresh().current()
    const newest = readFileSync(file(4))
    rmSync(file(4))
    head('ref: refs/heads/main\n')
    expect(fresh().current().number).to.equal(3)
    head('0123456789012345678901234567890123456789\n')
    expect(fresh().current().number).to.equal(3)
    head('ref: refs/heads/feature\n')
    await expectTampered(fresh(), 'cut short')
    writeFileSync(file(4), newest)
    expect(fresh().current().number).to.equal(4)
  })

  it('keeps a journal entry that cannot be decrypted, and says where it is', async () => {
    await fresh().journal().put('values.db', Buffer.from('a credential'))
    const journal = fresh().journal().folder
    const entry = join(journal, readdirSync(journal)[0]!)
    const original = readFileSync(entry)
    for (const index of [0, 20, original.length - 1]) {
      const changed = Buffer.from(original)
      changed[index]! ^= 1
      writeFileSync(entry, changed)
      const error = await errorOf(() => fresh().journal().list())
      expect(error.code).to.equal('tampered')
      expect(error.message).to.contain(entry)
      expect(readFileSync(entry).equals(changed)).to.equal(true)
    }
  })
})
