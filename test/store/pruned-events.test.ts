import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { appendLine } from '../../src/files/index.ts'
import type { Store } from '../../src/store/index.ts'
import { Repository } from './git-repository.ts'
import { definitionsOf, grow } from './pruned.ts'
import { expectSound, name, sweep } from './sweep.ts'
import { by, errorOf, Machine, reencrypt } from './worlds.ts'

interface Event {
  readonly id: string
  readonly completed: string
}

const folder = '/work/environments/rotators/ci/events'

/** Revisions, each with an event of a minute later. Returns the ids of the events. */
async function growWithEvents(store: Store, count: number): Promise<string[]> {
  await grow(store, count)
  const environment = store.environment(name)
  const known = environment.events.list<Event>('rotations').length
  for (let number = known + 1; number <= count; number++) {
    const completed = new Date(by.created.getTime() + (number - 1) * 3_600_000 + 60_000).toISOString()
    await environment.events.append('rotations', { id: `rotation-${number}`, completed, postRotationRevision: number })
  }
  return idsOf(store)
}

const idsOf = (store: Store) =>
  store
    .environment(name)
    .events.list<Event>('rotations')
    .map(({ id }) => id)

describe('events of a pruned environment', () => {
  it('are packed with the revisions of their time, and read as before', async () => {
    const machine = new Machine()
    const store = machine.init()
    const ids = await growWithEvents(store, 12)
    const planned = await store.upkeep.prune(name, { keep: 3, dryRun: true })
    expect(await store.upkeep.prune(name, { keep: 3 })).to.deep.equal({ ...planned, verified: true })
    const lines = machine.files.readText(`${folder}/rotations.jsonl`).trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as Event).id)).to.deep.equal([
      'rotation-10',
      'rotation-11',
      'rotation-12',
    ])
    expect(machine.files.list(folder)).to.have.lengthOf(2)
    expect(idsOf(machine.open())).to.deep.equal(ids)
    expect((await machine.open().upkeep.check()).findings).to.deep.equal([])
    // Once more, into the same archive.
    const more = await growWithEvents(machine.open(), 16)
    await machine.open().upkeep.prune(name, { keep: 2 })
    expect(machine.files.list(folder)).to.have.lengthOf(2)
    expect(idsOf(machine.open())).to.deep.equal(more)
  })

  it('leave lines that are none, and one that was cut short', async () => {
    const machine = new Machine()
    const store = machine.init()
    await growWithEvents(store, 4)
    appendLine(machine.files, `${folder}/rotations.jsonl`, 'no event')
    await growWithEvents(store, 8)
    const file = machine.files.open(`${folder}/rotations.jsonl`, 'a')
    for (const byte of Buffer.from('{"id":"cut')) machine.files.write(file, Uint8Array.of(byte))
    machine.files.close(file)
    const ids = idsOf(store)
    await store.upkeep.prune(name, { keep: 2 })
    expect(idsOf(machine.open())).to.deep.equal(ids)
    const text = machine.files.readText(`${folder}/rotations.jsonl`)
    expect(text)
      .to.match(/^no event\n/)
      .and.match(/\{"id":"cut$/)
  })

  it('are refused, and named by check, in an archive that was changed', async () => {
    const machine = new Machine()
    const store = machine.init()
    await growWithEvents(store, 6)
    await store.upkeep.prune(name, { keep: 2 })
    const archive = machine.files.list(folder).find((each) => each.endsWith('.archive')) as string
    appendLine(machine.files, `${folder}/${archive}`, 'x')
    expect((await errorOf(() => idsOf(machine.open()))).message).to.include(archive)
    expect((await machine.open().upkeep.check()).findings.map(({ file }) => file)).to.deep.equal([
      `${folder}/${archive}`,
    ])
    expect(machine.open().environment(name).current().number).to.equal(6)
  })

  it('stay through a change of the key', async () => {
    const machine = new Machine()
    const store = machine.init()
    const ids = await growWithEvents(store, 6)
    await store.upkeep.prune(name, { keep: 2 })
    await machine.open().keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt })
    expect(idsOf(machine.open())).to.deep.equal(ids)
  })

  it('are in their file, in an archive or in both when packing stops at any call', async () => {
    let ids: string[] = []
    let definitions: string[] = []
    await sweep({
      before: async (store) => {
        await growWithEvents(store, 5)
        await store.upkeep.prune(name, { keep: 2 })
        ids = await growWithEvents(store, 7)
        definitions = definitionsOf(store)
      },
      act: (store) => store.upkeep.prune(name, { keep: 2 }),
      after: async (store) => {
        expect(idsOf(store)).to.deep.equal(ids)
        await expectSound(store, definitions)
        expect(idsOf(store)).to.deep.equal(ids)
      },
    })
  })
})

describe('events of two clones', () => {
  let repository: Repository
  beforeEach(() => {
    repository = new Repository()
  })
  afterEach(() => repository.remove())

  const files = () => readdirSync(join(repository.folder, 'environments', name, 'events'))

  it('are all there, each once, after a merge of clones that both pack', async () => {
    await growWithEvents(repository.init(), 8)
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await repository.store.upkeep.prune(name, { keep: 4 })
    const theirs = await growWithEvents(repository.store, 10)
    repository.commit('theirs')
    repository.git('checkout', '--quiet', 'main')
    await repository.store.upkeep.prune(name, { keep: 2 })
    repository.commit('ours')
    if (!repository.tryGit('merge', '--quiet', '--no-edit', 'feature'))
      await repository.store.upkeep.renumber(name, { ...by, reencrypt })
    expect(idsOf(repository.store)).to.deep.equal(theirs)
    await growWithEvents(repository.store, 12)
    await repository.store.upkeep.prune(name, { keep: 2 })
    expect(files().filter((each) => each.endsWith('.archive'))).to.have.lengthOf(1)
    expect(idsOf(repository.store)).to.have.lengthOf(12)
  })

  it('are all there after renumbering, and packed as before', async () => {
    await growWithEvents(repository.init(), 8)
    await repository.store.upkeep.prune(name, { keep: 4 })
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await grow(repository.store, 9)
    const late = (id: string) => ({ id, completed: '2026-11-21T10:00:00.000Z' })
    await repository.store.environment(name).events.append('rotations', late('theirs'))
    repository.commit('theirs')
    repository.git('checkout', '--quiet', 'main')
    await grow(repository.store, 10)
    await repository.store.environment(name).events.append('rotations', late('ours'))
    repository.commit('ours')
    expect(repository.tryGit('merge', '--quiet', '--no-edit', 'feature')).to.equal(false)
    const resolve = join(repository.folder, 'environments', name, 'environment.yaml')
    writeFileSync(resolve, repository.store.environment(name).revision(8).definition.replace('number: 8', 'number: 99'))
    await repository.store.upkeep.renumber(name, { ...by, reencrypt })
    const ids = idsOf(repository.store)
    expect(ids.slice(0, 8)).to.deep.equal(Array.from({ length: 8 }, (_, index) => `rotation-${index + 1}`))
    expect(ids.slice(8)).to.have.members(['ours', 'theirs'])
    expect(files().filter((each) => each.endsWith('.archive'))).to.have.lengthOf(1)
    expect((await repository.store.upkeep.check()).findings).to.deep.equal([])
  })
})
