import { expect } from 'chai'
import { slow } from '../sample.ts'
import { definitionsOf, grow } from './pruned.ts'
import { expectSound, name, points, sweep } from './sweep.ts'
import { by, enc, reencrypt } from './worlds.ts'

describe('packing that stops at any file-system call', function () {
  this.timeout(slow ? 900_000 : 120_000)
  after(() => console.log(`      ${points.swept} points swept`))

  it('leaves each revision readable, in its file, in an archive or in both', async () => {
    let definitions: string[] = []
    await sweep({
      before: async (store) => {
        definitions = await grow(store, 7)
      },
      act: (store) => store.upkeep.prune(name, { keep: 2 }),
      after: async (store, fact) => {
        if (fact) expect(fact.packed).to.deep.equal({ first: 1, last: 5 })
        expect(definitionsOf(store)).to.deep.equal(definitions)
        // The next one completes it.
        await store.upkeep.prune(name, { keep: 2 })
        expect(store.environment(name).revision(5).file).to.match(/\.archive$/)
        await expectSound(store, definitions)
      },
    })
  })

  it('leaves what check --fix puts right', async () => {
    let definitions: string[] = []
    await sweep({
      before: async (store) => {
        definitions = await grow(store, 7)
      },
      act: (store) => store.upkeep.prune(name, { keep: 2 }),
      after: async (store) => expectSound(store, definitions),
    })
  })

  it('never has a version of the format that knows no archives beside one', async () => {
    await sweep({
      before: async (store) => void (await grow(store, 6)),
      act: (store) => store.upkeep.prune(name, { keep: 2 }),
      after: async (store) => {
        const packed = store.environment(name).revision(1).file.endsWith('.archive')
        if (packed) expect(store.configuration.get('version')).to.equal(2)
      },
    })
  })

  it('leaves a small archive, or the one that took it in', async () => {
    let definitions: string[] = []
    await sweep({
      before: async (store) => {
        await grow(store, 5)
        await store.upkeep.prune(name, { keep: 2 })
        definitions = await grow(store, 9)
      },
      act: (store) => store.upkeep.prune(name, { keep: 2 }),
      after: async (store) => {
        expect(definitionsOf(store)).to.deep.equal(definitions)
        await expectSound(store, definitions)
      },
    })
  })

  it('leaves a pruned environment whole under the one key or the other', async () => {
    await sweep({
      before: async (store) => {
        await grow(store, 5)
        await store.upkeep.prune(name, { keep: 2 })
      },
      act: async (store) => {
        await store.keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt })
        return true
      },
      after: async (store) => {
        const environment = store.environment(name)
        for (const revision of environment.history()) {
          if (revision.number === 1) continue
          const key = await environment.unlock(revision)
          const [, base64 = ''] = /enc\((.*)\)/.exec(revision.definition) ?? []
          expect(key.decrypt(Buffer.from(base64, 'base64'))).to.equal(`hunter${revision.number}`)
        }
        await expectSound(store, definitionsOf(store))
      },
    })
  })

  it('goes on while others append', async () => {
    await sweep({
      before: async (store) => void (await grow(store, 6)),
      act: async (store) => {
        const environment = store.environment(name)
        const key = await environment.dataKey()
        const definition = `values:\n  number: 7\n  secret: ${enc(key, 'hunter7')}\n`
        const append = environment.append({ base: 6, definition, change: 'edit', ...by })
        const [appended] = await Promise.allSettled([append, store.upkeep.prune(name, { keep: 2 })])
        if (appended.status === 'rejected') throw appended.reason
        return definition
      },
      after: async (store, definition) => {
        const definitions = definitionsOf(store)
        if (definition !== undefined) expect(definitions[6]).to.equal(definition)
        await expectSound(store, definitions)
      },
    })
  })
})
