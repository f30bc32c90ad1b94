import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Environment, RetractedError, Store } from '../../src/store/index.ts'
import { author, by, created, errorOf, realFolder, save } from './worlds.ts'

describe('versions of an environment', () => {
  let place: ReturnType<typeof realFolder>
  let folder: string
  let environment: Environment

  beforeEach(async () => {
    place = realFolder()
    folder = join(place.folder, 'environments')
    environment = await Store.init(folder, {}, place.world).additions.create('app/dev', by)
    for (const letter of ['b', 'c', 'd']) await save(environment, `a: enc:${letter}\n`)
  })
  afterEach(() => place.remove())

  const fresh = () => Store.open(folder, place.world).environment('app/dev')
  const settingsFile = () => join(folder, 'app/dev/settings.yaml')

  function edit(change: (text: string) => string): void {
    const before = readFileSync(settingsFile(), 'utf8')
    expect(change(before)).to.not.equal(before)
    writeFileSync(settingsFile(), change(before))
  }

  /** As on a machine that sees this store for the first time. */
  function elsewhere(): Environment {
    rmSync(join(place.folder, 'state'), { recursive: true, force: true })
    return fresh()
  }

  it('are numbers, latest, and tags', async () => {
    await environment.versions.tag('stable', '2', by)
    await environment.versions.tag('newest', undefined, by)
    const { versions } = fresh()
    expect(versions.resolve(undefined).number).to.equal(4)
    expect(versions.resolve('latest').number).to.equal(4)
    expect(versions.resolve('3').number).to.equal(3)
    expect(fresh().resolve('stable').number).to.equal(2)
    expect(versions.tags()).to.deep.equal([
      { name: 'newest', revision: 4, modified: created, editor: author },
      { name: 'stable', revision: 2, modified: created, editor: author },
    ])
    await fresh().verify(versions.resolve('stable'))
  })

  it('have tags that move, follow other tags, and go', async () => {
    await environment.versions.tag('stable', '2', by)
    await environment.versions.tag('canary', 'stable', by)
    await environment.versions.tag('stable', '3', by)
    expect(
      fresh()
        .versions.tags()
        .map(({ name, revision }) => [name, revision]),
    ).to.deep.equal([
      ['canary', 2],
      ['stable', 3],
    ])
    await environment.versions.removeTag('stable')
    const error = await errorOf(() => fresh().resolve('stable'))
    expect(error).to.include({ code: 'not_found', message: "environment 'app/dev' has no revision tagged 'stable'" })
    await environment.versions.removeTag('canary')
    expect(readFileSync(settingsFile(), 'utf8')).to.not.contain('revisionTags')
    await fresh().verify(fresh().current())
  })

  it('name the nearest tag for a mistyped one', async () => {
    await environment.versions.tag('stable', '2', by)
    expect((await errorOf(() => environment.resolve('stabel'))).hint).to.equal("did you mean 'stable'?")
    expect(await errorOf(() => environment.versions.removeTag('stabel'))).to.include({ code: 'not_found' })
  })

  const refused: [string, string, string][] = [
    ['latest', 'usage', 'cannot be set or removed'],
    ['3', 'usage', 'cannot be the name'],
    ['a b', 'usage', 'cannot be the name'],
    ['a@b', 'usage', 'cannot be the name'],
    ['', 'usage', 'cannot be the name'],
    ['__proto__x'.repeat(11), 'usage', 'cannot be the name'],
  ]
  for (const [name, code, message] of refused) {
    it(`refuse the tag '${name.slice(0, 12)}'`, async () => {
      const error = await errorOf(() => environment.versions.tag(name, '2', by))
      expect(error).to.include({ code })
      expect(error.message).to.contain(message)
      expect(await errorOf(() => environment.versions.removeTag(name))).to.include({ code })
    })
  }

  it('take no tag for a property every object has', async () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(await errorOf(() => fresh().resolve(name)), name).to.include({ code: 'not_found' })
      await environment.versions.tag(name, '2', by)
      expect(fresh().resolve(name).number, name).to.equal(2)
    }
    await fresh().verify(fresh().resolve('__proto__'))
  })

  it('refuse what is not a version', async () => {
    for (const version of ['3x', '1e1', '99999999999999999999']) {
      const error = await errorOf(() => environment.resolve(version))
      expect(error, version).to.include({ code: 'usage', message: `invalid revision number "${version}"` })
    }
    expect((await errorOf(() => environment.resolve('9'))).message).to.contain('the newest is 4')
    expect(await errorOf(() => environment.resolve('0'))).to.include({ code: 'not_found' })
  })

  describe('that are retracted', () => {
    it('cannot be resolved, and the error names the replacement', async () => {
      const retraction = await environment.versions.retract('3', { ...by, reason: 'leaked' })
      expect(retraction).to.deep.equal({ revision: 3, replacement: 2, at: created, by: author, reason: 'leaked' })
      const error = await errorOf(() => fresh().resolve('3'))
      expect(error).to.be.instanceOf(RetractedError)
      expect(error).to.include({
        code: 'retracted',
        message: "revision 3 of environment 'app/dev' is retracted: leaked",
      })
      expect(error.hint).to.contain('app/dev@2')
      expect((error as RetractedError).retraction.replacement).to.equal(2)
      expect(fresh().revision(3).number).to.equal(3)
    })

    it('give their tags to the replacement', async () => {
      await environment.versions.tag('stable', '3', by)
      await environment.versions.tag('old', '2', by)
      await environment.versions.retract('stable', { ...by, replacement: 'latest' })
      expect(fresh().resolve('stable').number).to.equal(4)
      expect(fresh().resolve('old').number).to.equal(2)
    })

    it('are replaced by the newest earlier one that is not retracted, also when that one goes later', async () => {
      await environment.versions.retract('2', by)
      await environment.versions.retract('3', by)
      expect(
        fresh()
          .versions.retractions()
          .map(({ revision, replacement }) => [revision, replacement]),
      ).to.deep.equal([
        [3, 1],
        [2, 1],
      ])
      await save(environment, 'a: 5\n')
      await environment.versions.retract('1', { ...by, replacement: '4' })
      expect(
        new Set(
          fresh()
            .versions.retractions()
            .map(({ replacement }) => replacement),
        ),
      ).to.deep.equal(new Set([4]))
    })

    it('are never the newest, never their own replacement, and never retracted twice', async () => {
      for (const version of ['latest', '4']) {
        const error = await errorOf(() => environment.versions.retract(version, by))
        expect(error).to.include({ code: 'usage', message: 'cannot retract the `latest` revision' })
      }
      expect(await errorOf(() => environment.versions.retract('2', { ...by, replacement: '2' }))).to.include({
        code: 'usage',
      })
      expect((await errorOf(() => environment.versions.retract('1', by))).remedies).to.deep.equal([
        { do: 'repeat', with: 'replace-with' },
      ])
      await environment.versions.retract('2', by)
      expect(await errorOf(() => environment.versions.retract('2', by))).to.include({ code: 'retracted' })
      expect(await errorOf(() => environment.versions.retract('3', { ...by, replacement: '2' }))).to.include({
        code: 'retracted',
      })
      expect(await errorOf(() => environment.versions.tag('x', '2', by))).to.include({ code: 'retracted' })
    })
  })

  describe('with settings that somebody without the key has changed', () => {
    const edits: Record<string, (text: string) => string> = {
      'a tag moved': (text) => text.replace('revision: 2', 'revision: 3'),
      'a tag renamed': (text) => text.replace('stable:', 'canary:'),
      'a retraction taken away': (text) => text.replace(/retractions:\n(?: .*\n)+/, ''),
      'another replacement': (text) => text.replace('replacement: 2', 'replacement: 1'),
      'the secrets provider changed': (text) => text.replace('secretsProvider: default', 'secretsProvider: passphrase'),
      'another generation': (text) => text.replace(/generation: \d+/, 'generation: 9'),
      'no generation': (text) => text.replace(/generation: \d+\n/, ''),
    }
    for (const [name, change] of Object.entries(edits)) {
      it(`refuse to open after ${name}`, async () => {
        await environment.versions.tag('stable', '2', by)
        await environment.versions.retract('3', by)
        edit(change)
        const reader = elsewhere()
        const error = await errorOf(() => reader.verify(reader.revision(2)))
        // With another provider, the key cannot even be unwrapped.
        expect(error.code).to.be.oneOf(
          name.includes('provider') ? ['tampered', 'key_unavailable', 'store_damaged'] : ['tampered'],
        )
        if (error.code === 'tampered') expect(error.message).to.contain(settingsFile())
        expect((await errorOf(() => elsewhere().versions.tag('more', '2', by))).code).to.not.equal(undefined)
      })
    }

    it('refuse, where they were seen before, older tags that were put back whole', async () => {
      await environment.versions.tag('stable', '2', by)
      const old = readFileSync(settingsFile())
      await environment.versions.tag('stable', '3', by)
      fresh().current()
      writeFileSync(settingsFile(), old)
      const error = await errorOf(() => fresh().current())
      expect(error).to.include({ code: 'tampered' })
      expect(error.message).to.match(/older tags and retractions .* put back/)
      expect(elsewhere().resolve('stable').number).to.equal(2)
    })

    it('refuse tags and retractions in an environment that has no key', async () => {
      const other = await Store.open(folder, place.world).additions.create('app/new', by)
      const file = join(other.folder, 'settings.yaml')
      writeFileSync(file, `${readFileSync(file, 'utf8')}revisionTags:\n  stable: 1\n`)
      const reader = Store.open(folder, place.world).environment('app/new')
      expect(await errorOf(() => reader.verify(reader.resolve('stable')))).to.include({ code: 'tampered' })
    })

    it('do not mind comments, style and fields that are not sealed', async () => {
      await environment.versions.tag('stable', '2', by)
      edit((text) => `# ours\n${text.replace('revision: 2', 'revision: 2 # good')}team: [a, b]\n`)
      await elsewhere().verify(fresh().resolve('stable'))
      await fresh().versions.tag('canary', '3', by)
      expect(readFileSync(settingsFile(), 'utf8')).to.contain('revision: 2 # good').and.contain('team: [a, b]')
    })
  })

  it('keep a key that this machine has never seen from being used', async () => {
    const source = Store.open(folder, place.world)
    await source.additions.clone('app/dev', 'app/evil', { ...by, preserveHistory: true, reencrypt: (text) => text })
    const evil = readFileSync(join(folder, 'app/evil/settings.yaml'), 'utf8')
    fresh().current()
    // The whole environment under another key, as someone who can push but has no key could make
    // it.
    const id = /^id: .*$/m.exec(readFileSync(settingsFile(), 'utf8'))![0]
    writeFileSync(settingsFile(), evil.replace(/^id: .*$/m, id))
    const error = await errorOf(() => fresh().current())
    expect(error).to.include({ code: 'tampered' })
    expect(error.message).to.contain('another data key')
    expect(error.remedies).to.deep.equal([{ do: 'accept-key', environment: 'app/dev' }])
    expect(await errorOf(() => save(fresh(), 'b: enc:x\n'))).to.include({ code: 'tampered' })
    fresh().keyTrust.accept()
    expect(fresh().current().number).to.equal(4)
  })
})
