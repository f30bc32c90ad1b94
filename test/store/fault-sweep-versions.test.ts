import { dirname } from 'node:path'
import { expect } from 'chai'
import { makeFolders } from '../../src/files/index.ts'
import { type Environment, type Sides, Store, sideOfFolder } from '../../src/store/index.ts'
import { expectSound, name, points, sweep } from './sweep.ts'
import { author, by, created, errorOf, reencrypt, revealed, save } from './worlds.ts'

const plain = ['', 'a: one\n', 'a: two\nb: x\n', 'a: three\n']

async function withSecrets(store: Store): Promise<void> {
  const environment = await store.additions.create(name, by)
  for (const text of plain.slice(1)) await save(environment, text.replace(/: (\w{2,})/g, ': enc:$1'))
}

async function withVersions(store: Store): Promise<void> {
  await withSecrets(store)
  await store.environment(name).versions.tag('stable', '2', by)
  await store.environment(name).versions.tag('canary', '3', by)
}

async function texts(environment: Environment): Promise<string[]> {
  const key = await environment.unlock()
  return [...environment.history()].map(({ definition }) => revealed(definition, key)).reverse()
}

/** Its revisions are those, in the clear, every seal holds, and writing goes on. */
async function expectIntact(store: Store, environmentName = name, expected: readonly string[] = plain): Promise<void> {
  const environment = store.environment(environmentName)
  expect(await texts(environment)).to.deep.equal(expected)
  const definitions = [...environment.history()].map(({ definition }) => definition).reverse()
  if (environmentName === name) await expectSound(store, definitions)
}

const tagsOf = (environment: Environment) =>
  Object.fromEntries(environment.versions.tags().map((tag) => [tag.name, tag.revision]))

describe('a store whose process or machine stops at any file-system call of a change of versions or keys', function () {
  this.timeout(120_000)
  after(() => console.log(`      ${points.swept} points swept`))

  it('has the rollback whole or not at all', async () => {
    await sweep({
      before: withVersions,
      act: async (store) => {
        const environment = store.environment(name)
        const { definition } = environment.resolve('stable')
        return environment.append({ base: 4, definition, change: 'rollback', details: { from: '2' }, ...by })
      },
      after: async (store, fact) => {
        const newest = store.environment(name).current()
        if (fact) expect(newest.number).to.equal(5)
        if (newest.number === 5) expect(newest).to.deep.include({ change: 'rollback', details: { from: '2' } })
        await expectIntact(store, name, newest.number === 5 ? [...plain, 'a: one\n'] : plain)
      },
    })
  })

  it('has the tag where it was or where it was moved to', async () => {
    await sweep({
      before: withVersions,
      act: (store) => store.environment(name).versions.tag('stable', '4', by),
      after: async (store, fact) => {
        const environment = store.environment(name)
        expect(tagsOf(environment)).to.be.deep.oneOf([
          ...(fact ? [] : [{ stable: 2, canary: 3 }]),
          { stable: 4, canary: 3 },
        ])
        await expectIntact(store)
        await store.environment(name).versions.removeTag('canary')
      },
    })
  })

  it('has the revision retracted with its tags moved, or neither', async () => {
    await sweep({
      before: withVersions,
      act: (store) => store.environment(name).versions.retract('canary', { ...by, reason: 'leaked' }),
      after: async (store, fact) => {
        const environment = store.environment(name)
        const retracted = environment.versions.retractions().length > 0
        if (fact) expect(retracted).to.equal(true)
        expect(tagsOf(environment)).to.deep.equal({ stable: 2, canary: retracted ? 2 : 3 })
        if (retracted) expect(await errorOf(() => environment.resolve('3'))).to.include({ code: 'retracted' })
        await expectIntact(store)
      },
    })
  })

  it('has environment tags and protection before the change or after it', async () => {
    await sweep({
      before: async (store) => {
        await withVersions(store)
        await store.environment(name).tags.set('team', 'platform', by)
      },
      act: async (store) => {
        await store.environment(name).tags.rename('team', 'squad', by)
        await store.environment(name).settingsWriter.protectFromDeletion(true)
        return true
      },
      after: async (store, fact) => {
        const environment = store.environment(name)
        const names = environment.tags.list().map((tag) => tag.name)
        expect(names).to.be.deep.oneOf(fact ? [['squad']] : [['team'], ['squad']])
        if (fact) expect(environment.settings.deletionProtected).to.equal(true)
        await expectIntact(store)
      },
    })
  })

  it('has the clone whole or not at all, and the source as it was', async () => {
    await sweep({
      before: withVersions,
      act: (store) =>
        store.additions.clone(name, 'other/copy', {
          ...by,
          reencrypt,
          preserveHistory: true,
          preserveRevisionTags: true,
        }),
      after: async (store, fact) => {
        if (fact) expect(store.list()).to.deep.equal(['other/copy', name])
        if (!store.has('other/copy'))
          await store.additions.clone(name, 'other/copy', {
            ...by,
            reencrypt,
            preserveHistory: true,
            preserveRevisionTags: true,
          })
        const copy = store.environment('other/copy')
        await copy.verify(copy.current())
        expect(tagsOf(copy)).to.deep.equal({ stable: 2, canary: 3 })
        await expectIntact(store, 'other/copy')
        await expectIntact(store)
      },
    })
  })

  it('has the environment whole under its old key or its new one', async () => {
    const outcomes = { old: 0, new: 0 }
    const isWhole = await sweep({
      before: async (store) => {
        await withVersions(store)
        await store.environment(name).events.append('rotations', { id: 1 })
        // The machine has seen the environment, so it would cry if something were put in its place.
        store.environment(name).current()
      },
      act: async (store) => {
        const { wrappedDataKey } = store.environment(name).settings
        await store.keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt })
        return wrappedDataKey
      },
      after: async (store, formerKey, fault) => {
        expect(store.list()).to.deep.equal([name])
        const environment = store.environment(name)
        const { sealedFrom, wrappedDataKey } = environment.settings
        outcomes[sealedFrom === 1 ? 'new' : 'old']++
        if (formerKey) {
          expect(sealedFrom).to.equal(1)
          expect(wrappedDataKey).to.not.equal(formerKey)
        }
        expect(environment.events.list('rotations')).to.deep.equal([{ id: 1 }])
        expect(tagsOf(environment)).to.deep.equal({ stable: 2, canary: 3 })
        await expectIntact(store)
        // Whatever was left is gone with the next long operation, and the change can be made again.
        await store.keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt })
        expect(store.environment(name).settings.sealedFrom, fault).to.equal(1)
        expect(store.list()).to.deep.equal([name])
      },
    })
    const least = isWhole ? 50 : 8
    expect(outcomes.old).to.be.greaterThan(least)
    expect(outcomes.new).to.be.greaterThan(least)
  })

  it('has a restored environment in one of the two places', async () => {
    await sweep({
      before: async (store) => {
        await withVersions(store)
        await store.removal.remove(name, { author, removed: created })
      },
      act: (store) => store.removal.restore(name),
      after: async (store, fact) => {
        if (fact) expect(store.has(name)).to.equal(true)
        if (!store.has(name)) await store.removal.restore(name)
        await expectIntact(store)
      },
    })
  })

  it('has the two sides of a merge in one order, or as git left them', async () => {
    const elsewhere = '/work/theirs'
    let sides: Sides | undefined
    await sweep({
      before: async (store, machine) => {
        await withVersions(store)
        const text = store.environment(name).current().definition
        for (const [path, content] of Object.entries(machine.files.tree())) {
          if (!path.startsWith(`${store.folder}/`)) continue
          const copy = path.replace(store.folder, elsewhere)
          makeFolders(machine.files, dirname(copy))
          machine.files.put(copy, content)
        }
        const theirs = Store.open(elsewhere, machine.world()).environment(name)
        await save(theirs, `${text}theirs: enc:yes\n`)
        const ours = store.environment(name)
        await save(ours, `ours: enc:yes\n${text}`)
        sides = {
          ours: sideOfFolder(machine.files, ours.folder, 'ours'),
          theirs: sideOfFolder(machine.files, theirs.folder, 'theirs'),
          baseSettings: undefined,
        }
        // What git leaves: the number that both have taken cannot be read.
        const file = `${ours.folder}/revisions/5.yaml`
        machine.files.unlink(file)
        machine.files.put(file, '<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> feature\n')
      },
      act: (store) => {
        const conflicted = { status: 1, stdout: Buffer.alloc(0), stderr: '' }
        return store.upkeep.renumber(name, { ...by, sides: sides!, reencrypt, runGit: async () => conflicted })
      },
      after: async (store, fact) => {
        const merged = [
          ...plain,
          'ours: yes\na: three\n',
          'a: three\ntheirs: yes\n',
          'ours: yes\na: three\ntheirs: yes\n',
        ]
        const { findings } = await store.upkeep.check()
        const conflict = findings.some(({ kind }) => kind === 'merge_conflict')
        if (fact) expect(conflict).to.equal(false)
        if (conflict) {
          const conflicted = { status: 1, stdout: Buffer.alloc(0), stderr: '' }
          await store.upkeep.renumber(name, { ...by, sides: sides!, reencrypt, runGit: async () => conflicted })
        }
        await expectIntact(store, name, merged)
      },
    })
  })
})
