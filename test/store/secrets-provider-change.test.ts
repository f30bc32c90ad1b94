import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { KeyContext } from '../../src/keys/index.ts'
import { type Environment, Store } from '../../src/store/index.ts'
import { by, errorOf, realFolder, reencrypt, revealed, save } from './worlds.ts'

describe('changing the secrets provider of an environment', () => {
  let place: ReturnType<typeof realFolder>
  let store: Store
  let environment: Environment

  beforeEach(async () => {
    place = realFolder()
    store = Store.init(join(place.folder, 'environments'), {}, place.world)
    environment = await store.additions.create('app/dev', { ...by, definition: 'first: 1\n' })
    await save(environment, '# ours\na: enc:one\nb: enc:uno\n')
    await save(environment, '# ours\na: enc:two\nb: enc:uno\n')
    await environment.events.append('rotations', { id: 1 })
    await environment.versions.tag('stable', '2', by)
    await environment.versions.retract('1', { ...by, replacement: '3' })
    await environment.tags.set('team', 'platform', by)
  })
  afterEach(() => place.remove())

  const keys = (env: Record<string, string>, configFolder = 'config'): KeyContext => ({
    env,
    configFolder: join(place.folder, configFolder),
    notify: () => {},
  })
  /** A process that has only these keys, on the same machine. */
  const withKeys = (context: KeyContext) =>
    Store.open(store.folder, { ...place.world, keys: context }).environment('app/dev')

  async function texts(reader: Environment): Promise<string[]> {
    const key = await reader.unlock()
    const found: string[] = []
    for (const revision of reader.history()) {
      await reader.verify(revision)
      found.unshift(revealed(revision.definition, key))
    }
    return found
  }
  const everything = ['first: 1\n', '# ours\na: one\nb: uno\n', '# ours\na: two\nb: uno\n']

  it('re-encrypts every revision, and keeps all else', async () => {
    const before = [...environment.history()]
    const other = keys({ ESC_PASSPHRASE: 'correct horse battery' }, 'nothing')
    const changed = await store.keys.changeSecretsProvider('app/dev', {
      secretsProvider: 'passphrase',
      keys: other,
      reencrypt,
    })
    expect(changed).to.deep.equal({ from: 'default', to: 'passphrase', revisions: 3 })
    const reader = withKeys(other)
    expect(await texts(reader)).to.deep.equal(everything)
    for (const old of before) {
      const now = reader.revision(old.number)
      expect(now).to.deep.include({
        author: old.author,
        created: old.created,
        change: old.change,
        details: old.details,
      })
      expect(now.seal).to.be.a('string')
      for (const [ciphertext] of old.definition.matchAll(/enc\(.*\)/g))
        expect(now.definition).to.not.contain(ciphertext)
    }
    expect(reader.id).to.equal(environment.id)
    expect(reader.resolve('stable').number).to.equal(2)
    expect(await errorOf(() => reader.resolve('1'))).to.include({ code: 'retracted' })
    expect(reader.tags.get('team').value).to.equal('platform')
    expect(reader.events.list('rotations')).to.deep.equal([{ id: 1 }])
    expect(reader.definitionState()).to.equal('clean')
    expect(readdirSync(join(store.folder, 'app'))).to.deep.equal(['dev'])
    expect(readdirSync(reader.folder).sort()).to.deep.equal([
      'environment.yaml',
      'events',
      'revisions',
      'settings.yaml',
    ])
    // The former key opens nothing any more, and nothing needs it.
    expect(await errorOf(() => withKeys(keys({})).unlock())).to.include({ code: 'key_unavailable' })
    expect(await save(reader, 'a: enc:three\n')).to.equal(4)
    // The process that made the change knows the new key, and this machine takes it for its own.
    expect((await store.environment('app/dev').unlock(reader.current())).owner.id).to.equal(environment.id)
  }).timeout(30_000)

  it('changes a passphrase to another one', async () => {
    const old = keys({ ESC_PASSPHRASE: 'old words' })
    const next = keys({ ESC_PASSPHRASE: 'new words' })
    await store.keys.changeSecretsProvider('app/dev', { secretsProvider: 'passphrase', keys: old, reencrypt })
    const holder = Store.open(store.folder, { ...place.world, keys: old })
    const without = await errorOf(() =>
      holder.keys.changeSecretsProvider('app/dev', { secretsProvider: 'passphrase', reencrypt }),
    )
    expect(without).to.include({ code: 'usage' })
    await holder.keys.changeSecretsProvider('app/dev', { secretsProvider: 'passphrase', keys: next, reencrypt })
    expect(await texts(withKeys(next))).to.deep.equal(everything)
    expect((await errorOf(() => withKeys(old).unlock())).message).to.contain('wrong passphrase')
  }).timeout(30_000)

  it('gives a new data key under the same provider, and one to an environment that has none', async () => {
    const { wrappedDataKey } = environment.settings
    await store.keys.changeSecretsProvider('app/dev', { secretsProvider: 'default', reencrypt })
    expect(withKeys(keys({})).settings.wrappedDataKey).to.not.equal(wrappedDataKey)
    expect(await texts(withKeys(keys({})))).to.deep.equal(everything)
    await store.additions.create('app/plain', { ...by, definition: 'a: 1\n' })
    await store.keys.changeSecretsProvider('app/plain', { secretsProvider: 'default', reencrypt })
    const plain = store.environment('app/plain')
    await plain.verify(plain.current())
    expect(plain.current()).to.include({ number: 1, definition: 'a: 1\n', change: 'create' })
    expect(plain.settings.wrappedDataKey).to.be.a('string')
    await save(plain, 'a: enc:x\n')
  })

  it('takes over what a writer adds meanwhile', async () => {
    const writer = Store.open(store.folder, place.world).environment('app/dev')
    await writer.dataKey()
    let added: Promise<unknown> | undefined
    const slow: KeyContext = {
      ...keys({ ESC_PASSPHRASE: 'x y z' }),
      notify: () => {},
    }
    await store.keys.changeSecretsProvider('app/dev', {
      secretsProvider: 'passphrase',
      keys: slow,
      reencrypt: (definition, ciphers, revision) => {
        added ??= save(writer, '# ours\na: enc:late\n')
        return reencrypt(definition, ciphers, revision)
      },
    })
    await added
    const found = await texts(withKeys(slow)).catch((error) => error.message)
    // The writer came before the swap and is in it, or after it and was told.
    expect(found).to.deep.equal([...everything, '# ours\na: late\n'])
  }).timeout(30_000)

  describe('is refused, and changes nothing,', () => {
    const settingsText = () => readFileSync(join(environment.folder, 'settings.yaml'), 'utf8')

    async function expectRefused(code: string, change: Parameters<Store['keys']['changeSecretsProvider']>[1]) {
      const settings = settingsText()
      const error = await errorOf(() =>
        Store.open(store.folder, place.world).keys.changeSecretsProvider('app/dev', change),
      )
      expect(error).to.include({ code })
      expect(settingsText()).to.equal(settings)
      expect(readdirSync(join(store.folder, 'app'))).to.deep.equal(['dev'])
      return error
    }

    it('while a rotation is unfinished', async () => {
      await environment.journal().put('x', Buffer.from('a credential'))
      const error = await expectRefused('conflict', { secretsProvider: 'default', reencrypt })
      expect(error.remedies).to.deep.equal([{ do: 'rotate', environment: 'app/dev', paths: [] }])
    })

    it('while somebody rotates', async () => {
      const lock = await environment.lock('rotate')
      await expectRefused('locked', { secretsProvider: 'default', reencrypt })
      lock.release()
    }).timeout(10_000)

    it('over a hand edit', async () => {
      writeFileSync(join(environment.folder, 'environment.yaml'), 'a: mine\n')
      await expectRefused('unsaved_edit', { secretsProvider: 'default', reencrypt })
    })

    it('over a changed history', async () => {
      const file = join(environment.folder, 'revisions', '2.yaml')
      writeFileSync(file, readFileSync(file, 'utf8').replace('# ours', '# mine'))
      await expectRefused('tampered', { secretsProvider: 'default', reencrypt })
    })

    it('with a provider that is unknown or has no key to offer', async () => {
      await expectRefused('invalid_input', { secretsProvider: 'rot13://x', reencrypt })
      await expectRefused('key_unavailable', { secretsProvider: 'passphrase', keys: keys({}), reencrypt })
    })

    it('when a definition does not come out as it went in', async () => {
      const losing = (definition: string, ciphers: Parameters<typeof reencrypt>[1]) => {
        const plaintext = /enc\(([^)]*)\)/.exec(definition)
        if (plaintext) ciphers.decrypt(Buffer.from(plaintext[1]!, 'base64'))
        return definition.replace(
          /enc\([^)]*\)/,
          () => `enc(${Buffer.from(ciphers.encrypt('other')).toString('base64')})`,
        )
      }
      const error = await expectRefused('key_unavailable', { secretsProvider: 'default', reencrypt: losing })
      expect(error.message).to.contain('revision 2')
    })
  })
})
