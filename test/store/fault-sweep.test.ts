import { expect } from 'chai'
import { slow, strideOf } from '../sample.ts'
import { calls, expectNoLeftovers, expectSound, name, points, sweep, withHistory } from './sweep.ts'
import { by, Machine } from './worlds.ts'

describe('a store whose process or machine stops at any file-system call', function () {
  this.timeout(slow ? 900_000 : 120_000)
  after(() => console.log(`      ${points.swept} points swept`))

  it('has the appended revision whole or not at all', async () => {
    const first = ['', 'values:\n  a: 1\n', 'values:\n  a: 2\n']
    const definition = `values:\n  a: ${'3'.repeat(300)}\n`
    await sweep({
      before: withHistory,
      act: (store) => store.environment(name).append({ base: 3, definition, change: 'edit', ...by }),
      after: async (store, fact) => {
        const { number } = store.environment(name).current()
        if (fact) expect(number).to.equal(4)
        await expectSound(store, number === 4 ? [...first, definition] : first)
      },
    })
  })

  it('lets the same process try again after a call that failed', async () => {
    for (const n of calls()) {
      const machine = new Machine()
      await withHistory(machine.init())
      const environment = machine.open().environment(name)
      machine.files.arm('fail', n)
      const append = (base: number, definition: string) =>
        environment.append({ base, definition, change: 'edit', ...by })
      await append(3, 'values: tried\n').catch(() => undefined)
      const { struck } = machine.files
      machine.files.disarm()
      const later = machine.open().environment(name)
      const { number, definition } = later.current()
      expect(definition).to.equal(number === 4 ? 'values: tried\n' : 'values:\n  a: 2\n')
      expect(number).to.be.oneOf([3, 4])
      await later.append({ base: number, definition: 'values: again\n', change: 'edit', ...by })
      expect(later.current().number).to.equal(number + 1)
      expectNoLeftovers(machine)
      if (!struck) break
      points.swept++
    }
  })

  it('survives a second stop while it recovers from the first', async () => {
    // All pairs take minutes: one in sixty-one is tried, with SLOW=1 all while there is time.
    const stride = strideOf(61)
    for (let first = 1; ; first++) {
      let struckFirst = false
      for (let second = 1 + (first % stride()); ; second += stride()) {
        const machine = new Machine()
        await withHistory(machine.init())
        const attempt = async (definition: string) => {
          const environment = machine.open().environment(name)
          const { number } = environment.current()
          await environment.append({ base: number, definition, change: 'edit', ...by })
        }
        machine.files.arm('power-loss', first)
        await attempt('values: first\n').catch(() => undefined)
        struckFirst = machine.files.struck
        machine.files.reboot()
        machine.files.arm('kill', second)
        await attempt('values: second\n').catch(() => undefined)
        const struckSecond = machine.files.struck
        machine.files.reboot()
        const environment = machine.open().environment(name)
        const definitions = [...environment.history()].map((revision) => revision.definition).reverse()
        expect(definitions.slice(0, 3)).to.deep.equal(['', 'values:\n  a: 1\n', 'values:\n  a: 2\n'])
        await expectSound(machine.open(), definitions)
        if (!struckSecond || !struckFirst) break
        points.swept++
      }
      if (!struckFirst) break
    }
  })

  it('has a created environment whole or not at all', async () => {
    await sweep({
      before: async (store) => void (await store.additions.create('rotators/other', by)),
      act: (store) => store.additions.create(name, by),
      after: async (store, fact) => {
        expect(store.list()).to.include('rotators/other')
        if (fact) expect(store.list()).to.include(name)
        if (!store.has(name)) await store.additions.create(name, by)
        await expectSound(store, [''])
      },
    })
  })

  it('has a removed environment in one of the two places', async () => {
    await sweep({
      before: withHistory,
      act: async (store) => {
        await store.removal.remove(name, { author: by.author, removed: by.created })
        return true
      },
      after: async (store, fact) => {
        if (fact) expect(store.has(name)).to.equal(false)
        if (store.has(name)) await expectSound(store, ['', 'values:\n  a: 1\n', 'values:\n  a: 2\n'])
        else expect((await store.additions.create(name, by)).current().number).to.equal(1)
      },
    })
  })

  it('never loses a data key that something was encrypted with', async () => {
    await sweep({
      before: async (store) => void (await store.additions.create(name, by)),
      act: async (store) => (await store.environment(name).dataKey()).encrypt('hunter2'),
      after: async (store, ciphertext) => {
        const environment = store.environment(name)
        if (ciphertext) expect((await environment.unlock()).decrypt(ciphertext)).to.equal('hunter2')
        await expectSound(store, [''])
      },
    })
  })

  it('has a journal entry once put has returned, and none once remove has', async () => {
    const content = (text: string) => Buffer.from(text.repeat(200))
    await sweep({
      before: async (store) => {
        await withHistory(store)
        await store.environment(name).journal().put('kept', content('kept'))
        await store.environment(name).journal().put('replaced', content('old'))
        await store.environment(name).journal().put('removed', content('removed'))
      },
      act: async (store) => {
        const done: string[] = []
        const journal = store.environment(name).journal()
        const step = async (label: string, run: Promise<void>) => {
          await run.then(() => done.push(label))
        }
        try {
          await step('put', journal.put('new', content('new')))
          await step('replace', journal.put('replaced', content('new')))
          await step('remove', journal.remove('removed'))
        } catch {}
        return done
      },
      after: async (store, done = []) => {
        const entries = await store.environment(name).journal().list()
        const found = Object.fromEntries(entries.map((entry) => [entry.id, Buffer.from(entry.content).toString()]))
        expect(found.kept).to.equal('kept'.repeat(200))
        expect(found.new).to.be.oneOf(done.includes('put') ? ['new'.repeat(200)] : [undefined, 'new'.repeat(200)])
        const replaced = done.includes('replace') ? ['new'.repeat(200)] : ['old'.repeat(200), 'new'.repeat(200)]
        expect(found.replaced).to.be.oneOf(replaced)
        expect(found.removed).to.be.oneOf(done.includes('remove') ? [undefined] : ['removed'.repeat(200), undefined])
        if (!done.includes('replace')) expect(found.removed).to.equal('removed'.repeat(200))
        await expectSound(store, ['', 'values:\n  a: 1\n', 'values:\n  a: 2\n'])
      },
    })
  })

  it('has the settings before a change or after it, and every other field', async () => {
    await sweep({
      before: async (store) => {
        await withHistory(store)
        await store.environment(name).settingsWriter.change({ tags: { team: 'platform' } })
      },
      act: async (store) => {
        await store.environment(name).settingsWriter.change({ deletionProtected: true })
        return true
      },
      after: async (store, fact) => {
        const { settings } = store.environment(name)
        expect(settings.get('tags')).to.deep.equal({ team: 'platform' })
        if (fact) expect(settings.deletionProtected).to.equal(true)
        await expectSound(store, ['', 'values:\n  a: 1\n', 'values:\n  a: 2\n'])
      },
    })
  })

  it('has every event that was appended, and at most one line more', async () => {
    await sweep({
      before: async (store) => {
        await withHistory(store)
        await store.environment(name).events.append('rotations', { id: 1 })
      },
      act: async (store) => {
        await store.environment(name).events.append('rotations', { id: 2, errorMessage: 'x'.repeat(300) })
        return true
      },
      after: async (store, fact) => {
        const environment = store.environment(name)
        const ids = () => environment.events.list<{ id: number }>('rotations').map((event) => event.id)
        expect(ids()).to.be.deep.oneOf(fact ? [[1, 2]] : [[1], [1, 2]])
        await environment.events.append('rotations', { id: 3 })
        expect(ids().at(-1)).to.equal(3)
        await expectSound(store, ['', 'values:\n  a: 1\n', 'values:\n  a: 2\n'])
      },
    })
  })
})
