import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { machineFiles } from '../../src/files/index.ts'
import { remediesIn } from '../../src/rich-text.ts'
import { type RenumberEnvironment, Store, sideOfFolder } from '../../src/store/index.ts'
import { Repository } from './git-repository.ts'
import { by, enc, errorOf, reencrypt, revealed, save } from './worlds.ts'

const name = 'app/dev'
const options: RenumberEnvironment = { ...by, reencrypt }
const common = '# the database\nhost: enc:local\n\nport: 1\n\n# the rest\nuser: enc:me\nmode: a\n'

describe('two branches that edit one environment', () => {
  let repository: Repository
  beforeEach(() => {
    repository = new Repository()
  })
  afterEach(() => repository.remove())

  const environment = () => repository.store.environment(name)
  const path = (...parts: string[]) => join(repository.folder, 'environments', name, ...parts)

  /** Changes some of the newest definition. */
  async function change(from: string | RegExp, to: string): Promise<void> {
    const { definition } = environment().current()
    const text = definition.replace(from, to)
    expect(text).to.not.equal(definition)
    await save(environment(), text)
  }

  /**
   * `main` and `feature`, each with its own commit on top of a common one; then main merges
   * feature.
   */
  async function mergeBranches(ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<boolean> {
    const created = await repository.init().additions.create(name, by)
    await save(created, common)
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await theirs()
    repository.commit('theirs')
    repository.git('checkout', '--quiet', 'main')
    await ours()
    repository.commit('ours')
    return repository.tryGit('merge', '--quiet', '--no-edit', 'feature')
  }

  async function expectSound(definition: string): Promise<void> {
    const report = await repository.store.upkeep.check()
    expect(report.findings).to.deep.equal([])
    const reader = environment()
    const newest = reader.current()
    const key = await reader.unlock(newest)
    expect(revealed(newest.definition, key)).to.equal(definition)
    expect(reader.workingDefinition()).to.equal(newest.definition)
    for (const revision of reader.history()) await reader.verify(revision)
    // Git agrees that it is settled, and work goes on.
    expect(repository.git('diff', '--name-only', '--diff-filter=U')).to.equal('')
    repository.git('commit', '--quiet', '--message', 'settled', '--allow-empty')
    expect(repository.git('status', '--porcelain')).to.equal('')
    await save(environment(), 'next: enc:x\n')
  }

  it('are led to one good revision with both edits', async () => {
    const clean = await mergeBranches(
      () => change('port: 1', 'port: 2'),
      async () => {
        await change('mode: a', 'mode: b')
        await change(/user: .*/, 'user: enc:you')
      },
    )
    expect(clean).to.equal(false)
    const { findings } = await repository.store.upkeep.check()
    expect(findings.map(({ kind }) => kind)).to.deep.equal(['merge_conflict'])
    expect(findings[0]!.problem).to.contain('both sides made revision 3')
    expect(remediesIn(findings[0]!.remedy)).to.deep.equal([{ do: 'renumber-revisions', environment: 'app/dev' }])
    expect(await errorOf(() => environment().revision(3))).to.include({ code: 'store_damaged' })

    const result = await repository.store.upkeep.renumber(name, options)
    expect(result).to.deep.equal({
      revision: 6,
      side: 'theirs',
      renumbered: [
        { from: 3, to: 4 },
        { from: 4, to: 5 },
      ],
      definition: 'lines',
      notes: [],
    })
    const [ours, first, second, merged] = [3, 4, 5, 6].map((number) => environment().revision(number))
    expect(ours!.definition).to.contain('port: 2').and.contain('mode: a')
    expect(first).to.deep.include({ change: 'edit', ...by })
    expect(first!.details).to.include({ renumbered: '3' })
    expect(second!.definition).to.contain('port: 1').and.contain('mode: b')
    expect(merged).to.deep.include({ change: 'merge', ...by })
    await expectSound('# the database\nhost: local\n\nport: 2\n\n# the rest\nuser: you\nmode: b\n')
  })

  it('keep what else is in the folder', async () => {
    await mergeBranches(
      async () => {
        await change('port: 1', 'port: 2')
        writeFileSync(path('NOTES.md'), 'ours\n')
      },
      async () => {
        await change('mode: a', 'mode: b')
        mkdirSync(path('more'))
        writeFileSync(path('more', 'notes.txt'), 'theirs\n')
      },
    )
    await repository.store.upkeep.renumber(name, options)
    expect(readFileSync(path('NOTES.md'), 'utf8')).to.equal('ours\n')
    expect(readFileSync(path('more', 'notes.txt'), 'utf8')).to.equal('theirs\n')
  })

  it('keep the ciphertexts of secrets that neither changed', async () => {
    await mergeBranches(
      () => change('port: 1', 'port: 2'),
      () => change('mode: a', 'mode: b'),
    )
    const host = /^host: .*$/m.exec(repository.git('show', 'HEAD:environments/app/dev/environment.yaml'))![0]
    await repository.store.upkeep.renumber(name, options)
    expect(environment().current().definition).to.contain(host)
  })

  it('are merged by keys where the lines stand side by side', async () => {
    await mergeBranches(
      () => change(/user: .*/, 'user: enc:ours # mine'),
      async () => {
        await change('mode: a', 'mode: b')
        await change('mode: b', 'mode: b\nnew:\n  deep: "1" # kept\n  list: [1, 2]')
      },
    )
    expect(await repository.store.upkeep.renumber(name, options)).to.include({ definition: 'keys', revision: 6 })
    await expectSound(
      '# the database\nhost: local\n\nport: 1\n\n# the rest\nuser: ours # mine\nmode: b\nnew:\n  deep: "1"\n  list: [1, 2]\n',
    )
  })

  it('are merged by keys where lines would say a key twice', async () => {
    await mergeBranches(
      () => change('# the database', 'level: 1\n# the database'),
      () => change('mode: a', 'mode: a\nlevel: 1'),
    )
    expect(await repository.store.upkeep.renumber(name, options)).to.include({ definition: 'keys' })
    await expectSound('level: 1\n# the database\nhost: local\n\nport: 1\n\n# the rest\nuser: me\nmode: a\n')
  })

  it('are merged by keys where both began the same mapping', async () => {
    await mergeBranches(
      () => change('mode: a', 'mode: a\ncache:\n  size: 64\n  deep: {one: 1}'),
      () => change('mode: a', 'mode: a\ncache:\n  ttl: 300\n  deep: {two: 2}'),
    )
    expect(await repository.store.upkeep.renumber(name, options)).to.include({ definition: 'keys' })
    const { definition } = environment().current()
    expect(definition).to.match(/cache:\n {2}size: 64\n {2}deep: \{one: 1, two: 2\}\n {2}ttl: 300\n/)
    await expectSound(revealed(definition, await environment().unlock(environment().current())))
  })

  for (const [what, theirs] of [
    ['a call each', 'fn::open::env: {name: B}'],
    ['a call and a mapping', 'name: b'],
    ['other values of one key', 'fn::open::env: {name: A}, size: 2'],
  ] as const) {
    it(`are left to a person where both began the same key with ${what}`, async () => {
      await mergeBranches(
        () => change('mode: a', 'mode: a\ncache: {fn::open::env: {name: A}}'),
        () => change('mode: a', `mode: a\ncache: {${theirs}}`),
      )
      const error = await errorOf(() => repository.store.upkeep.renumber(name, options))
      expect(error).to.include({ code: 'conflict', message: "both sides changed cache in environment 'app/dev'" })
    })
  }

  it('are left to a person where both began the same key of the same mapping', async () => {
    await mergeBranches(
      () => change('mode: a', 'mode: a\ncache: {size: 1, ttl: 1}'),
      () => change('mode: a', 'mode: a\ncache: {size: 2, age: 1}'),
    )
    const error = await errorOf(() => repository.store.upkeep.renumber(name, options))
    expect(error).to.include({ code: 'conflict', message: "both sides changed cache.size in environment 'app/dev'" })
  })

  it('are left to a person where both changed the same, and then take what the person made of it', async () => {
    await mergeBranches(
      () => change('port: 1', 'port: 2'),
      () => change('port: 1', 'port: 3'),
    )
    const error = await errorOf(() => repository.store.upkeep.renumber(name, options))
    expect(error).to.include({ code: 'conflict', message: "both sides changed port in environment 'app/dev'" })
    expect(error.hint).to.contain(path('environment.yaml'))
    expect(error.remedies).to.deep.equal([{ do: 'renumber-revisions', environment: 'app/dev' }])
    const text = readFileSync(path('environment.yaml'), 'utf8')
    writeFileSync(path('environment.yaml'), text.replace(/<{7}[\s\S]*>{7} feature\n/, 'port: 4\nkey: plain:text\n'))
    const result = await repository.store.upkeep.renumber(name, {
      ...options,
      complete: (definition, { encrypt }) =>
        definition.replace('plain:text', () => `enc(${Buffer.from(encrypt('text')).toString('base64')})`),
    })
    expect(result).to.include({ definition: 'hand', revision: 5 })
    await expectSound('# the database\nhost: local\n\nport: 4\nkey: text\n\n# the rest\nuser: me\nmode: a\n')
  })

  it('may be settled by choosing one side', async () => {
    await mergeBranches(
      () => change('port: 1', 'port: 2'),
      () => change('port: 1', 'port: 3'),
    )
    repository.git('checkout', '--theirs', 'environments/app/dev/environment.yaml')
    const result = await repository.store.upkeep.renumber(name, options)
    // Theirs comes last as it is: no further revision is needed.
    expect(result).to.include({ definition: 'hand', revision: 4 })
    expect(environment().revision(3).definition).to.contain('port: 2')
    await expectSound('# the database\nhost: local\n\nport: 3\n\n# the rest\nuser: me\nmode: a\n')
  })

  it('keep the tags, retractions, environment tags and events of both', async () => {
    const tagged = (letter: string, version: string | undefined) => async () => {
      await change('mode: a', 'mode: a # x'.replace('x', letter))
      await environment().versions.tag(letter, version, by)
      await environment().tags.set(letter, 'yes', by)
      await environment().events.append('rotations', { id: letter })
    }
    await mergeBranches(
      async () => {
        await tagged('ours', '2')()
      },
      async () => {
        await tagged('theirs', undefined)()
        await environment().versions.retract('2', { ...by, replacement: 'latest' })
      },
    )
    repository.git('checkout', '--ours', 'environments/app/dev/environment.yaml')
    const result = await repository.store.upkeep.renumber(name, options)
    expect(result.notes).to.deep.equal([])
    const { versions, tags } = environment()
    expect(versions.tags().map((tag) => [tag.name, tag.revision])).to.deep.equal([
      ['ours', 4],
      ['theirs', 4],
    ])
    expect(versions.retractions()).to.have.lengthOf(1)
    expect(versions.retractions()[0]).to.include({ revision: 2, replacement: 4 })
    expect(tags.list().map((tag) => tag.name)).to.deep.equal(['ours', 'theirs'])
    expect(environment().events.list('rotations')).to.deep.equal([{ id: 'ours' }, { id: 'theirs' }])
    await expectSound('# the database\nhost: local\n\nport: 1\n\n# the rest\nuser: me\nmode: a # ours\n')
  })

  it('are merged when only the settings of both have changed', async () => {
    await mergeBranches(
      () => environment().versions.tag('ours', '1', by),
      async () => {
        await environment().versions.tag('theirs', '2', by)
        await environment().versions.tag('ours', '2', by)
      },
    )
    const result = await repository.store.upkeep.renumber(name, options)
    expect(result).to.deep.include({ revision: 2, renumbered: [], definition: 'one-side' })
    expect(result.notes.join()).to.contain('revisionTags.ours')
    expect(environment().resolve('ours').number).to.equal(1)
    expect(environment().resolve('theirs').number).to.equal(2)
    await expectSound('# the database\nhost: local\n\nport: 1\n\n# the rest\nuser: me\nmode: a\n')
  })

  it('keep one of two schedules whole, and never half of each', async () => {
    const schedule = (cron: string, modified: string) =>
      environment().settingsWriter.changeSealed('schedule', () => ({
        schedule: { id: 'sched-1', cron, timezone: 'UTC', modified },
      }))
    await mergeBranches(
      () => schedule('0 3 * * *', '2026-01-01T00:00:00Z'),
      () => schedule('0 4 * * *', '2026-02-01T00:00:00Z'),
    )
    const result = await repository.store.upkeep.renumber(name, options)
    expect(result.notes.join()).to.contain('both sides changed schedule in the settings: ours was kept')
    expect(environment().settings.get('schedule')).to.deep.equal({
      id: 'sched-1',
      cron: '0 3 * * *',
      timezone: 'UTC',
      modified: '2026-01-01T00:00:00Z',
    })
    await expectSound('# the database\nhost: local\n\nport: 1\n\n# the rest\nuser: me\nmode: a\n')
  })

  it('are merged when both have made the data key', async () => {
    await repository.init().additions.create(name, { ...by, definition: 'a: 1\n\n\n\nb: 1\n' })
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await change('a: 1', 'a: enc:theirs')
    repository.commit('theirs')
    repository.git('checkout', '--quiet', 'main')
    await change('b: 1', 'b: enc:ours')
    repository.commit('ours')
    expect(repository.tryGit('merge', '--quiet', 'feature')).to.equal(false)
    const result = await repository.store.upkeep.renumber(name, options)
    expect(result).to.deep.include({ revision: 4, renumbered: [{ from: 2, to: 3 }] })
    const key = await environment().unlock()
    expect(revealed(environment().revision(3).definition, key)).to.equal('a: theirs\n\n\n\nb: 1\n')
    await expectSound('a: theirs\n\n\n\nb: ours\n')
  })

  describe('when somebody without the key has edited environment.yaml on one of them', () => {
    const edit = 'evil: 1\n# the database'

    /** The edit merges cleanly; what both sides saved does not, or does. */
    async function merged(ours: string): Promise<void> {
      const clean = await mergeBranches(
        () => change('port: 1', ours),
        async () => {
          await change('port: 1', 'port: 3')
          await change('mode: a', 'mode: b')
          writeFileSync(
            path('environment.yaml'),
            readFileSync(path('environment.yaml'), 'utf8').replace('# the database', edit),
          )
        },
      )
      expect(clean).to.equal(false)
    }

    it('leave the edit out, which nobody has saved, and say so', async () => {
      const clean = await mergeBranches(
        () => change('port: 1', 'port: 2'),
        async () => {
          await change('mode: a', 'mode: b')
          writeFileSync(
            path('environment.yaml'),
            readFileSync(path('environment.yaml'), 'utf8').replace('# the database', edit),
          )
        },
      )
      expect(clean).to.equal(false)
      expect(environment().workingDefinition()).to.contain('evil: 1').and.contain('port: 2').and.contain('mode: b')
      const { definition, notes } = await repository.store.upkeep.renumber(name, options)
      expect(definition).to.equal('lines')
      expect(notes.join()).to.contain('an edit that was never saved')
      await expectSound('# the database\nhost: local\n\nport: 2\n\n# the rest\nuser: me\nmode: b\n')
    })

    it('are not merged with a resolution that may hold the edit', async () => {
      await merged('port: 2')
      const working = readFileSync(path('environment.yaml'), 'utf8')
      expect(working).to.contain('<<<<<<<').and.contain('evil: 1')
      writeFileSync(
        path('environment.yaml'),
        working.replace(/<<<<<<<[\s\S]*?=======\n([\s\S]*?)>>>>>>> .*\n/g, '$1').replace('port: 3', 'port: 4'),
      )
      const before = readFileSync(path('environment.yaml'))
      const error = await errorOf(() => repository.store.upkeep.renumber(name, options))
      expect(error).to.include({ code: 'unsaved_edit' })
      expect(error.message).to.contain('never saved as a revision').and.contain(path('environment.yaml'))
      expect(readFileSync(path('environment.yaml')).equals(before)).to.equal(true)
    })
  })

  it('are not merged when theirs is under a key that this machine has not seen', async () => {
    await repository.init().additions.create(name, by)
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    // As on another machine: this one remembers nothing of it.
    await save(environment(), 'theirs: enc:t\n')
    repository.commit('theirs')
    rmSync(repository.world.state, { recursive: true })
    repository.git('checkout', '--quiet', 'main')
    await save(environment(), 'ours: enc:o\n')
    repository.commit('ours')
    repository.tryGit('merge', '--quiet', 'feature')
    const error = await errorOf(() => repository.store.upkeep.renumber(name, options))
    expect(error).to.include({ code: 'tampered' })
    expect(error.message).to.contain('another data key')
    // As the message says.
    repository.git('merge', '--abort')
    repository.git('checkout', '--quiet', 'feature')
    environment().keyTrust.accept()
    repository.git('checkout', '--quiet', 'main')
    repository.tryGit('merge', '--quiet', 'feature')
    await repository.store.upkeep.renumber(name, options)
    expect((await repository.store.upkeep.check()).findings).to.deep.equal([])
  })

  it('may be rebased, commit by commit', async () => {
    await repository.init().additions.create(name, by)
    await save(environment(), common)
    repository.commit('base')
    repository.git('checkout', '--quiet', '-b', 'feature')
    await change('port: 1', 'port: 2')
    repository.commit('first')
    await change('mode: a', 'mode: b')
    repository.commit('second')
    repository.git('checkout', '--quiet', 'main')
    await change('# the database', '# our database')
    repository.commit('ours')
    repository.git('checkout', '--quiet', 'feature')
    expect(repository.tryGit('rebase', '--quiet', 'main')).to.equal(false)
    await repository.store.upkeep.renumber(name, options)
    expect(repository.tryGit('-c', 'core.editor=true', 'rebase', '--continue')).to.equal(false)
    const second = await repository.store.upkeep.renumber(name, options)
    expect(second.renumbered).to.deep.equal([{ from: 4, to: 6 }])
    repository.git('-c', 'core.editor=true', 'rebase', '--continue')
    await expectSound('# our database\nhost: local\n\nport: 2\n\n# the rest\nuser: me\nmode: b\n')
    expect(environment().current().number).to.equal(8)
  })

  it('are put right after a merge that was committed with one side only', async () => {
    await mergeBranches(
      () => change('port: 1', 'port: 2'),
      async () => {
        await change('mode: a', 'mode: b')
        await change('mode: b', 'mode: c')
      },
    )
    repository.git('checkout', '--ours', '.')
    repository.commit('a merge that mixes both histories')
    const { findings } = await repository.store.upkeep.check()
    expect(findings.map(({ kind }) => kind)).to.deep.equal(['history_fork'])
    await repository.store.upkeep.renumber(name, options)
    await expectSound('# the database\nhost: local\n\nport: 2\n\n# the rest\nuser: me\nmode: c\n')
  })

  describe('are refused, with nothing changed,', () => {
    async function expectRefused(code: string, message: string): Promise<void> {
      const status = repository.git('status', '--porcelain')
      const error = await errorOf(() => repository.store.upkeep.renumber(name, options))
      expect(error.message).to.contain(message)
      expect(error).to.include({ code })
      expect(error.hint).to.be.a('string')
      expect(repository.git('status', '--porcelain')).to.equal(status)
    }

    it('when one of them changed the secrets provider', async () => {
      await mergeBranches(
        () => change('port: 1', 'port: 2'),
        () => repository.store.keys.changeSecretsProvider(name, { secretsProvider: 'default', reencrypt }),
      )
      await expectRefused('conflict', 'one side has changed the secrets provider')
    })

    it('when both made an environment of that name', async () => {
      repository.init()
      repository.commit('base')
      repository.git('checkout', '--quiet', '-b', 'feature')
      await repository.store.additions.create(name, by)
      repository.commit('theirs')
      repository.git('checkout', '--quiet', 'main')
      await repository.store.additions.create(name, { ...by, definition: 'a: 1\n' })
      repository.commit('ours')
      repository.tryGit('merge', '--quiet', 'feature')
      await expectRefused('conflict', 'independently of each other')
    })

    it('when somebody without the key changed theirs', async () => {
      await mergeBranches(
        () => change('port: 1', 'port: 2'),
        async () => {
          await change('mode: a', 'mode: b')
          const file = path('revisions/3.yaml')
          writeFileSync(file, readFileSync(file, 'utf8').replace('mode: b', 'mode: evil'))
        },
      )
      await expectRefused('tampered', 'revisions/3.yaml does not match its seal')
    })

    it('when there is no merge', async () => {
      await repository.init().additions.create(name, by)
      repository.commit('base')
      await expectRefused('usage', 'no git merge in progress')
    })

    it('when the work tree has a revision of its own', async () => {
      await mergeBranches(
        () => change('port: 1', 'port: 2'),
        () => change('mode: a', 'mode: b'),
      )
      writeFileSync(path('revisions/4.yaml'), readFileSync(path('revisions/2.yaml')))
      await expectRefused('conflict', 'revision 4')
    })
  })

  it('can be merged without git knowing their history', async () => {
    const store = repository.init()
    await save(await store.additions.create(name, by), common)
    const other = new Repository()
    try {
      other.init()
      rmSync(join(other.folder, 'environments'), { recursive: true })
      repository.git('init', '--quiet')
      const { cpSync } = await import('node:fs')
      cpSync(store.folder, join(other.folder, 'environments'), { recursive: true })
      const theirStore = Store.open(join(other.folder, 'environments'), repository.world)
      const theirs = theirStore.environment(name)
      await save(theirs, theirs.current().definition.replace('mode: a', 'mode: b'))
      await change('port: 1', 'port: 2')
      const side = (folder: string, label: string) => sideOfFolder(machineFiles, folder, label)
      const sides = { ours: side(path(), 'ours'), theirs: side(theirs.folder, 'theirs'), baseSettings: undefined }
      expect(await repository.store.upkeep.renumber(name, { ...options, sides })).to.include({ revision: 5 })
      expect(environment().current().definition).to.contain('port: 2').and.contain('mode: b')
    } finally {
      other.remove()
    }
  })

  it('leave nothing half done when a merge is killed: it can be repeated', async () => {
    await mergeBranches(
      () => change('port: 1', 'port: 2'),
      () => change('mode: a', 'mode: b'),
    )
    const failing = {
      ...options,
      complete: () => {
        throw new Error('no definition')
      },
    }
    expect((await errorOf(() => repository.store.upkeep.renumber(name, failing))).message).to.equal('no definition')
    appendFileSync(path('environment.yaml'), '')
    await repository.store.upkeep.renumber(name, options)
    await expectSound('# the database\nhost: local\n\nport: 2\n\n# the rest\nuser: me\nmode: b\n')
  })

  it('need no key of this machine to have seen the other side', async () => {
    await mergeBranches(
      () => change('port: 1', 'port: 2'),
      async () => {
        const key = await environment().dataKey()
        await change('mode: a', `mode: b\nextra: ${enc(key, 'secret')}`)
      },
    )
    rmSync(repository.world.state, { recursive: true })
    await repository.store.upkeep.renumber(name, options)
    await expectSound('# the database\nhost: local\n\nport: 2\n\n# the rest\nuser: me\nmode: b\nextra: secret\n')
  })
})
