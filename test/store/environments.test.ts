import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Environment, Store } from '../../src/store/index.ts'
import { author, by, created, errorOf, realFolder, reencrypt, revealed, save } from './worlds.ts'

const later = { author: { name: 'Bob' }, created: new Date('2027-01-01T00:00:00Z') }

describe('environment tags', () => {
  let place: ReturnType<typeof realFolder>
  let environment: Environment
  beforeEach(async () => {
    place = realFolder()
    environment = await Store.init(join(place.folder, 'environments'), {}, place.world).additions.create('app/dev', by)
  })
  afterEach(() => place.remove())

  it('are set, read, renamed and removed, each with who and when', async () => {
    expect(await environment.tags.set('team', 'platform', by)).to.deep.equal({
      name: 'team',
      value: 'platform',
      modified: created,
      editor: author,
    })
    await environment.tags.set('Tier', '1', later)
    await environment.tags.set('team', 'payments', later)
    expect(environment.tags.list().map(({ name, value }) => [name, value])).to.deep.equal([
      ['team', 'payments'],
      ['Tier', '1'],
    ])
    expect((await environment.tags.rename('team', 'squad', by)).value).to.equal('payments')
    expect(await errorOf(() => environment.tags.rename('squad', 'Tier', by))).to.include({ code: 'already_exists' })
    expect(await errorOf(() => environment.tags.get('team'))).to.include({ code: 'not_found' })
    await environment.tags.remove('squad')
    await environment.tags.remove('Tier')
    expect(await errorOf(() => environment.tags.remove('Tier'))).to.include({ code: 'not_found' })
    expect(environment.tags.list()).to.deep.equal([])
    // They decide nothing, so they need no key.
    expect(environment.settings.wrappedDataKey).to.equal(undefined)
  })

  it('are refused empty', async () => {
    expect((await errorOf(() => environment.tags.set('', 'x', by))).message).to.equal(
      'environment tag name cannot be empty',
    )
    expect((await errorOf(() => environment.tags.set('x', '', by))).message).to.equal(
      'environment tag value cannot be empty',
    )
  })

  it('may be written by hand as plain values', async () => {
    await environment.settingsWriter.change({ tags: { team: 'platform', tier: 1 } })
    expect(environment.tags.get('tier')).to.deep.equal({ name: 'tier', value: '1' })
    await environment.tags.set('other', 'x', by)
    expect(readFileSync(join(environment.folder, 'settings.yaml'), 'utf8')).to.contain('  team: platform\n  tier: 1\n')
  })
})

describe('a clone', () => {
  let place: ReturnType<typeof realFolder>
  let store: Store
  let source: Environment
  beforeEach(async () => {
    place = realFolder()
    store = Store.init(join(place.folder, 'environments'), {}, place.world)
    source = await store.additions.create('app/dev', by)
    await save(source, 'a: enc:one\n')
    await save(source, 'a: enc:two # why\n')
    await save(source, 'a: enc:three\n')
    await source.versions.tag('stable', '3', by)
    await source.versions.tag('newest', '4', by)
    await source.versions.retract('2', { ...by, reason: 'leaked' })
    await source.tags.set('team', 'platform', by)
    await source.settingsWriter.protectFromDeletion(true)
  })
  afterEach(() => place.remove())

  const fresh = (name: string) => Store.open(store.folder, place.world).environment(name)

  it('has the newest definition as its one revision, under an id and a key of its own', async () => {
    await store.additions.clone('app/dev', 'app/copy', { ...later, reencrypt })
    const copy = fresh('app/copy')
    const revision = copy.current()
    expect(revision).to.deep.include({ number: 1, change: 'clone', ...later })
    expect(revision.details).to.deep.equal({ from: 'app/dev', fromRevision: '4' })
    expect(revealed(revision.definition, await copy.unlock(revision))).to.equal('a: three\n')
    expect(copy.id).to.not.equal(source.id)
    expect(copy.settings.wrappedDataKey).to.not.equal(source.settings.wrappedDataKey)
    expect(copy.versions.tags()).to.deep.equal([])
    expect(copy.tags.list()).to.deep.equal([])
    expect(copy.settings.deletionProtected).to.equal(false)
    expect(copy.definitionState()).to.equal('clean')
    expect(revision.definition).to.not.contain(/enc\(.*\)/.exec(source.current().definition)![0])
    await save(copy, 'a: enc:four\n')
    expect(source.current().number).to.equal(4)
  })

  it('has the whole history when that is asked for, and its retractions always with it', async () => {
    await store.additions.clone('app/dev', 'other/copy', {
      ...later,
      reencrypt,
      preserveHistory: true,
      preserveEnvironmentTags: true,
      preserveRevisionTags: true,
    })
    const copy = fresh('other/copy')
    const key = await copy.unlock()
    const texts: string[] = []
    for (const revision of copy.history()) {
      await copy.verify(revision)
      expect(revision).to.deep.include({ ...by, change: source.revision(revision.number).change })
      texts.unshift(revealed(revision.definition, key))
    }
    expect(texts).to.deep.equal(['', 'a: one\n', 'a: two # why\n', 'a: three\n'])
    expect(copy.resolve('stable').number).to.equal(3)
    expect(copy.versions.tags()).to.deep.equal(source.versions.tags())
    expect(copy.tags.list()).to.deep.equal(source.tags.list())
    expect(await errorOf(() => copy.resolve('2'))).to.include({ code: 'retracted' })
  })

  it('has the other files of its source, such as a list of recipients, but none of its events', async () => {
    writeFileSync(join(source.folder, 'recipients.txt'), 'ada\n')
    await source.events.append('rotations', { id: 1 })
    const copy = await store.additions.clone('app/dev', 'app/copy', { ...later, reencrypt })
    expect(readdirSync(copy.folder).sort()).to.deep.equal([
      'environment.yaml',
      'recipients.txt',
      'revisions',
      'settings.yaml',
    ])
    expect(readFileSync(join(copy.folder, 'recipients.txt'), 'utf8')).to.equal('ada\n')
  })

  it('without the history keeps the tags of the newest revision', async () => {
    await store.additions.clone('app/dev', 'app/copy', { ...later, reencrypt, preserveRevisionTags: true })
    expect(
      fresh('app/copy')
        .versions.tags()
        .map(({ name, revision }) => [name, revision]),
    ).to.deep.equal([['newest', 1]])
  })

  it('is refused for a name that is taken, and leaves nothing', async () => {
    await store.additions.create('app/other', by)
    expect(await errorOf(() => store.additions.clone('app/dev', 'app/other', { ...by, reencrypt }))).to.include({
      code: 'already_exists',
    })
    expect(await errorOf(() => store.additions.clone('app/none', 'app/x', { ...by, reencrypt }))).to.include({
      code: 'not_found',
    })
    const failing = () => {
      throw new Error('no')
    }
    expect(
      (await errorOf(() => store.additions.clone('app/dev', 'app/x', { ...by, reencrypt: failing }))).message,
    ).to.equal('no')
    expect(readdirSync(join(store.folder, 'app')).sort()).to.deep.equal(['dev', 'other'])
  })

  it('is not made of a history that somebody has changed', async () => {
    const file = join(source.folder, 'revisions', '3.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('# why', '# new'))
    const error = await errorOf(
      () => fresh('app/dev') && store.additions.clone('app/dev', 'app/x', { ...by, reencrypt, preserveHistory: true }),
    )
    expect(error).to.include({ code: 'tampered' })
    expect(store.has('app/x')).to.equal(false)
  })

  it('is made of an environment without a key', async () => {
    await store.additions.create('app/plain', { ...by, definition: 'a: 1\n' })
    const copy = await store.additions.clone('app/plain', 'app/plain2', { ...by, reencrypt })
    expect(copy.current().definition).to.equal('a: 1\n')
    await copy.verify(copy.current())
  })
})

describe('a removed environment', () => {
  let place: ReturnType<typeof realFolder>
  let store: Store
  beforeEach(async () => {
    place = realFolder()
    store = Store.init(join(place.folder, 'environments'), {}, place.world)
    await save(await store.additions.create('app/dev', by), 'a: enc:one\n')
  })
  afterEach(() => place.remove())

  const remove = (removed = created) => store.removal.remove('app/dev', { author, removed })

  it('is listed and brought back as it was', async () => {
    const { id } = store.environment('app/dev')
    await remove()
    expect(store.removal.list()).to.have.lengthOf(1)
    expect(store.removal.list()[0]).to.deep.include({ name: 'app/dev', id, at: created, by: author.email })
    const back = await store.removal.restore('app/dev')
    expect(back.id).to.equal(id)
    expect(revealed(back.current().definition, await back.unlock(back.current()))).to.equal('a: one\n')
    expect(readdirSync(back.folder).sort()).to.deep.equal(['environment.yaml', 'revisions', 'settings.yaml'])
    expect(store.removal.list()).to.deep.equal([])
    await save(back, 'a: enc:two\n')
  })

  it('is not brought back over another of that name, nor when there is none', async () => {
    await remove()
    await store.additions.create('app/dev', by)
    expect(await errorOf(() => store.removal.restore('app/dev'))).to.include({ code: 'already_exists' })
    expect(store.removal.list()).to.have.lengthOf(1)
    const error = await errorOf(() => store.removal.restore('app/other'))
    expect(error).to.include({ code: 'not_found', hint: 'removed are: app/dev' })
  })

  it('is the last of several of that name, or the one that is asked for', async () => {
    const first = store.environment('app/dev').id
    await remove()
    const second = (await store.additions.create('app/dev', by)).id
    await remove(new Date('2027-01-01'))
    expect(store.removal.list().map(({ id }) => id)).to.deep.equal([second, first])
    expect((await store.removal.restore('app/dev', { id: first })).id).to.equal(first)
    await remove(new Date('2028-01-01'))
    rmSync(join(store.folder, '.removed', `app+dev+${second}`, 'removed.json'))
    expect((await store.removal.restore('app/dev', { id: second })).id).to.equal(second)
  })

  it('is not brought back where a folder is in the way', async () => {
    await remove()
    mkdirSync(join(store.folder, 'app', 'dev'), { recursive: true })
    writeFileSync(join(store.folder, 'app', 'dev', 'notes'), 'mine')
    expect(await errorOf(() => store.removal.restore('app/dev'))).to.include({ code: 'already_exists' })
    expect(readFileSync(join(store.folder, 'app', 'dev', 'notes'), 'utf8')).to.equal('mine')
    expect(store.removal.list()).to.have.lengthOf(1)
  })
})
