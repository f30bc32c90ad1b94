import { expect } from 'chai'
import type { Environment, Store } from '../../src/store/index.ts'
import { pointsOf, strideOf } from '../sample.ts'
import { by, errorOf, reencrypt, revealed, save } from './worlds.ts'

/** One store, and the processes that use it. */
export interface RecordsSite {
  /** The store as another process of the same machine finds it. Those before go on. */
  open(): Promise<Store>
  /** The store as a process of another machine finds it, which has a state folder of its own. */
  elsewhere(): Promise<Store>
  /** The nth step from now of the process that was opened last goes wrong in this way. */
  arm(fault: string, n: number): void
  /** Whether that step was reached. */
  readonly struck: boolean
  /** Nothing goes wrong any more, and processes that were killed are gone. */
  calm(): Promise<void>
  remove(): Promise<void>
}

/** A kind of place in which stores are kept. */
export interface RecordsKind {
  readonly name: string
  /** Ways in which a step can go wrong, each with the steps that are left out in a usual run. */
  readonly faults: Readonly<Record<string, number>>
  /** Whether processes of several machines may use one store. */
  readonly isShared: boolean
  /** A new, empty store. */
  make(): Promise<RecordsSite>
}

const name = 'rotators/ci'
const first = 'values:\n  a: enc:one\n'

/** What every kind of place for stores must do. */
export function testRecords(kind: RecordsKind): void {
  describe(`a store kept in ${kind.name}`, function () {
    this.timeout(300_000)
    let site: RecordsSite

    beforeEach(async () => {
      site = await kind.make()
    })
    afterEach(() => site.remove())

    const withHistory = async (): Promise<Environment> => {
      const made = await (await site.open()).additions.create(name, by)
      await save(made, first)
      await save(made, 'values:\n  a: enc:two\n')
      return made
    }
    const environment = async () => (await site.open()).environment(name)
    const isSound = async (store: Store) => {
      const newest = store.environment(name).current()
      for (const revision of store.environment(name).history()) await store.environment(name).verify(revision)
      const { findings } = await store.upkeep.check()
      expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([])
      expect(store.environment(name).definitionState(newest)).to.be.oneOf(['clean', 'stale'])
    }

    it('gives every process the same bytes', async () => {
      const made = await withHistory()
      const other = await environment()
      expect(other.id).to.equal(made.id)
      expect([...other.history()].map(({ digest }) => digest)).to.deep.equal(
        [...made.history()].map(({ digest }) => digest),
      )
      expect(other.settings.text).to.equal(made.settings.text)
      const key = await other.unlock(other.current())
      expect(revealed(other.current().definition, key)).to.equal('values:\n  a: two\n')
      await isSound(await site.open())
    })

    it('gives one number to one of two writers, and a conflict to the other', async () => {
      await withHistory()
      const writers = await Promise.all(Array.from({ length: 4 }, environment))
      const outcomes = await Promise.all(
        writers.map((writer, index) =>
          writer.append({ base: 3, definition: `values: ${index}\n`, change: 'edit', ...by }).then(
            ({ number }) => number,
            (error) => error.code,
          ),
        ),
      )
      expect(outcomes.sort()).to.deep.equal([4, 'conflict', 'conflict', 'conflict'])
      const store = await site.open()
      expect(store.environment(name).current().number).to.equal(4)
      await isSound(store)
    })

    it('shows the loser of a conflict what the winner has saved', async () => {
      const loser = await withHistory()
      await save(await environment(), 'values: theirs\n')
      const append = (base: number) => loser.append({ base, definition: 'values: ours\n', change: 'edit', ...by })
      expect(await errorOf(() => append(3))).to.include({ code: 'conflict' })
      expect(loser.current().definition).to.equal('values: theirs\n')
      expect((await append(4)).number).to.equal(5)
    })

    it('takes what another process of the machine has just done for no tampering', async () => {
      const writer = await (await site.open()).additions.create(name, by)
      const reader = await site.open()
      expect(reader.environment(name).current().number).to.equal(1)
      await save(writer, first)
      expect(reader.environment(name).current().number).to.be.oneOf([1, 2])
      await reader.refresh()
      expect(reader.environment(name).current().number).to.equal(2)
      await reader.environment(name).unlock(reader.environment(name).current())
      await writer.versions.tag('stable', undefined, by)
      await (await site.open()).keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt })
      reader.environment(name).current()
      await reader.refresh()
      await reader.environment(name).unlock(reader.environment(name).current())
    })

    it('keeps both of two changes of the settings at the same time', async () => {
      await withHistory()
      const [one, other] = [await environment(), await environment()]
      await Promise.all([
        one.tags.set('team', 'platform', by),
        other.tags.set('tier', '1', by),
        one.versions.tag('stable', '2', by),
        other.versions.tag('canary', '3', by),
      ])
      const now = await environment()
      expect(now.tags.list().map((tag) => tag.name)).to.deep.equal(['team', 'tier'])
      expect(now.versions.tags().map((tag) => tag.name)).to.deep.equal(['canary', 'stable'])
      await isSound(await site.open())
    })

    it('keeps retractions, and moves tags to the replacement', async () => {
      const made = await withHistory()
      await made.versions.tag('stable', '2', by)
      await made.versions.retract('2', { ...by, replacement: '3' })
      const now = await environment()
      expect(now.resolve('stable').number).to.equal(3)
      expect(await errorOf(() => now.resolve('2'))).to.include({ code: 'retracted' })
    })

    it('keeps events in their order, whoever appends them', async () => {
      const [one, other] = [await withHistory(), await environment()]
      for (let id = 1; id <= 6; id++) await (id % 2 ? one : other).events.append('rotations', { id })
      await one.events.append('schedules', { id: 7 })
      const now = await environment()
      expect(now.events.list<{ id: number }>('rotations').map(({ id }) => id)).to.deep.equal([1, 2, 3, 4, 5, 6])
      expect(now.events.list('schedules')).to.deep.equal([{ id: 7 }])
    })

    it('packs old revisions and events, which every process reads as before', async () => {
      const made = await withHistory()
      for (let number = 4; number <= 8; number++) await save(made, `values: {number: ${number}}\n`)
      await made.events.append('rotations', { id: 1, completed: '2020-01-01T00:00:00.000Z' })
      const [reader, packer] = [await site.open(), await site.open()]
      const before = [...reader.environment(name).history()].map(({ digest }) => digest)
      const pruned = await packer.upkeep.prune(name, { keep: 3 })
      expect(pruned).to.deep.include({ packed: { first: 1, last: 5 }, verified: true, raisesFormat: true })
      for (const store of [packer, reader, await site.open()]) {
        await store.refresh()
        const now = store.environment(name)
        expect([...now.history()].map(({ digest }) => digest)).to.deep.equal(before)
        expect(now.events.list('rotations')).to.have.lengthOf(1)
        expect(now.resolve('1').file).to.match(/\.archive$/)
      }
      expect((await site.open()).configuration.formatVersion).to.equal(2)
      await save(await environment(), 'values: {number: 9}\n')
      await isSound(await site.open())
    })

    it('creates one environment of a name, and lists them all', async () => {
      const stores = [await site.open(), await site.open()]
      const outcomes = await Promise.all(
        stores.map((store) =>
          store.additions.create(name, by).then(
            () => 'made',
            (error) => error.code,
          ),
        ),
      )
      expect(outcomes.sort()).to.deep.equal(['already_exists', 'made'])
      await stores[0]?.additions.create('app/dev', by)
      await stores[1]?.additions.create('app/base', by)
      expect((await site.open()).list()).to.deep.equal(['app/base', 'app/dev', name])
    })

    it('removes and restores an environment as it was', async () => {
      const made = await withHistory()
      const { id } = made
      await made.events.append('rotations', { id: 1 })
      const digests = [...made.history()].map(({ digest }) => digest)
      const store = await site.open()
      await store.removal.remove(name, { author: by.author, removed: by.created })
      const after = await site.open()
      expect(after.has(name)).to.equal(false)
      expect(after.removal.list().map((each) => ({ ...each, folder: '' }))).to.deep.equal([
        { name, id, folder: '', at: by.created, by: by.author.email },
      ])
      expect(await errorOf(() => made.append({ base: 3, definition: 'x: 1\n', change: 'edit', ...by }))).to.include({
        code: 'not_found',
      })
      await after.additions.create(name, by)
      expect(await errorOf(() => after.removal.restore(name))).to.include({ code: 'already_exists' })
      await after.removal.remove(name, { author: by.author, removed: by.created })
      await after.removal.restore(name, { id })
      const now = await environment()
      expect([...now.history()].map(({ digest }) => digest)).to.deep.equal(digests)
      expect(now.events.list('rotations')).to.deep.equal([{ id: 1 }])
      await isSound(await site.open())
    })

    it('changes the data key as a whole, also while others write', async () => {
      const writer = await withHistory()
      const store = await site.open()
      await Promise.all([
        store.keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt }),
        writer.tags.set('team', 'platform', by).catch((error) => expect(error.code).to.equal('conflict')),
      ])
      const old = await errorOf(() => writer.append({ base: 3, definition: 'x: 1\n', change: 'edit', ...by }))
      expect(old).to.include({ code: 'conflict' })
      const now = await environment()
      const key = await now.unlock(now.current())
      expect([...now.history()].map(({ definition }) => revealed(definition, key))).to.deep.equal([
        'values:\n  a: two\n',
        'values:\n  a: one\n',
        '',
      ])
      await isSound(await site.open())
    })

    it('keeps the journal for whoever takes the lock next, and nothing that was removed', async () => {
      const made = await withHistory()
      const lock = await made.lock('rotate')
      const journal = made.journal()
      await Promise.all([
        journal.put('one', Buffer.from('1')),
        journal.put('two', Buffer.from('2')),
        journal.put('three', Buffer.from('3')),
      ])
      await journal.put('two', Buffer.from('2b'))
      await journal.remove('one')
      lock.release()
      const next = await environment()
      const held = await next.lock('rotate', { waitMs: 2000 })
      const records = await next.journal().list()
      expect(records.map(({ id, content }) => [id, String(Buffer.from(content))]).sort()).to.deep.equal([
        ['three', '3'],
        ['two', '2b'],
      ])
      const files = await next.journal().files()
      await next.journal().setAside(files.find(({ id }) => id === 'two')?.file ?? '')
      expect(next.journal().ids()).to.deep.equal(['three'])
      held.release()
      expect(
        await errorOf(async () => (await site.open()).removal.remove(name, { author: by.author, removed: by.created })),
      ).to.include({
        code: 'conflict',
      })
    })

    it('lets one process at a time have the lock of an environment', async () => {
      const made = await withHistory()
      const lock = await made.lock('rotate')
      const error = await errorOf(async () => (await environment()).lock('edit', { waitMs: 50 }))
      expect(error).to.include({ code: 'locked' })
      expect(error.message).to.match(
        new RegExp(`^environment '${name}' is locked by process \\d+ on .* \\(rotate, since 20`),
      )
      const waiting = (await environment()).lock('edit', { waitMs: 5000 })
      lock.release()
      lock.release()
      ;(await waiting).release()
      const store = await site.open()
      const scheduler = await store.background.lockScheduler('tick')
      expect(await errorOf(async () => (await site.open()).background.lockScheduler('tick'))).to.include({
        code: 'locked',
      })
      scheduler.release()
    })

    if (kind.isShared) {
      it('is used from several machines, each of which sees what the others have done', async () => {
        await withHistory()
        const there = await site.elsewhere()
        await save(there.environment(name), 'values: theirs\n')
        const here = await site.open()
        expect(here.environment(name).current().definition).to.equal('values: theirs\n')
        await save(here.environment(name), 'values: ours\n')
        expect(there.environment(name).current().definition).to.equal('values: theirs\n')
        await there.refresh()
        expect(there.environment(name).current().definition).to.equal('values: ours\n')
        await here.configuration.change((text) => `${text}cache: on\n`)
        await there.refresh()
        expect(there.configuration.get('cache')).to.equal('on')
      })
    }

    for (const [fault, stride] of Object.entries(kind.faults)) {
      for (const [what, { act, check }] of Object.entries(acts)) {
        it(`has all or nothing of ${what}: ${fault}`, async () => {
          const points = pointsOf(strideOf(stride))
          for (let n = points.next().value as number; ; n = points.next().value as number) {
            await prepare(await site.open())
            const acting = await site.open()
            site.arm(fault, n)
            const outcome = await act(acting).then(
              () => 'done' as const,
              (error) => error as Error & { code?: string },
            )
            const { struck } = site
            await site.calm()
            const next = await site.open()
            const state = await check(next).catch((error) => {
              throw Object.assign(error, { message: `${fault} at step ${n}: ${error.message}` })
            })
            if (outcome === 'done') expect(state, `${fault} at step ${n}`).to.equal('after')
            else if (fault !== 'process killed') {
              expect(outcome.message).not.to.match(/not known/)
              if (/nothing was changed/.test(outcome.message)) expect(state, outcome.message).to.equal('before')
            }
            if (!struck && outcome !== 'done') throw outcome
            if (state === 'after' || next.has(name)) await isSound(next)
            if (!struck) break
            await site.remove()
            site = await kind.make()
          }
        })
      }
    }
  })
}

async function prepare(store: Store): Promise<void> {
  const made = await store.additions.create(name, by)
  await save(made, first)
  await made.versions.tag('stable', '2', by)
}

type State = 'before' | 'after'

/** Things that are done while a step goes wrong; `check` says which of the two the next finds. */
const acts: Readonly<
  Record<string, { act: (store: Store) => Promise<unknown>; check: (store: Store) => Promise<State> }>
> = {
  'an append': {
    act: async (store) =>
      store.environment(name).append({ base: 2, definition: 'values: new\n', change: 'edit', ...by }),
    check: async (store) => {
      const { number, definition } = store.environment(name).current()
      expect([number, definition.includes('new')]).to.be.deep.oneOf([
        [2, false],
        [3, true],
      ])
      return number === 3 ? 'after' : 'before'
    },
  },
  'a tag': {
    act: async (store) => store.environment(name).versions.tag('stable', '1', by),
    check: async (store) => (store.environment(name).resolve('stable').number === 1 ? 'after' : 'before'),
  },
  'an event': {
    act: async (store) => store.environment(name).events.append('rotations', { id: 1 }),
    check: async (store) => (store.environment(name).events.list('rotations').length === 1 ? 'after' : 'before'),
  },
  'an entry of the journal': {
    act: async (store) => {
      const lock = await store.environment(name).lock('rotate')
      try {
        await store.environment(name).journal().put('one', Buffer.from('secret'))
      } finally {
        lock.release()
      }
    },
    check: async (store) => ((await store.environment(name).journal().list()).length === 1 ? 'after' : 'before'),
  },
  'a packing': {
    act: async (store) => {
      for (const text of ['values: 3\n', 'values: 4\n']) await save(store.environment(name), text)
      await store.upkeep.prune(name, { keep: 2 })
    },
    check: async (store) => {
      const environment = store.environment(name)
      const definitions = [...environment.history()].map(({ definition }) => definition).reverse()
      expect(definitions.slice(2)).to.deep.equal(['values: 3\n', 'values: 4\n'].slice(0, definitions.length - 2))
      // Where files of a folder are left that are packed already, they are removed by the next.
      await store.upkeep.fix((await store.upkeep.check()).findings)
      return environment.revision(1).file.endsWith('.archive') ? 'after' : 'before'
    },
  },
  'a removal': {
    act: (store) => store.removal.remove(name, { author: by.author, removed: by.created }),
    check: async (store) => {
      if (store.has(name)) return 'before'
      expect(store.removal.list()).to.have.lengthOf(1)
      await store.removal.restore(name)
      return 'after'
    },
  },
  'another data key': {
    act: (store) => store.keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt }),
    check: async (store) => {
      const environment = store.environment(name)
      const key = await environment.unlock(environment.current())
      expect(revealed(environment.current().definition, key)).to.equal('values:\n  a: one\n')
      return environment.settings.get('keyChanges') === undefined ? 'before' : 'after'
    },
  },
}
