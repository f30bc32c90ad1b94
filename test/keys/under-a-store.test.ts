import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { Store } from '../../src/store/index.ts'
import { FakeKms } from '../fakes/aws-kms.ts'
import { by, errorOf } from '../store/worlds.ts'
import { contextOf } from './setup.ts'

describe('environments under a vendor or age recipients', () => {
  let folder: string
  let fake: FakeKms
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-store-'))
    fake = await new FakeKms().start()
    fake.aliases.set('eu-west-1/app', fake.addKey('eu-west-1'))
  })
  afterEach(async () => {
    await fake.stop()
    rmSync(folder, { recursive: true })
  })

  const path = () => join(folder, 'environments')
  const world = (env: Record<string, string>) => ({
    state: join(folder, 'state'),
    keys: contextOf({ env, configFolder: join(folder, 'config') }),
  })
  async function write(store: Store, name: string): Promise<string> {
    const environment = store.environment(name)
    const key = await environment.dataKey()
    const base = environment.current().number
    await environment.append({ base, definition: 'values: {}\n', change: 'edit', ...by })
    return Buffer.from(key.encrypt('hunter2')).toString('base64')
  }
  const read = async (store: Store, name: string, ciphertext: string) => {
    const environment = store.environment(name)
    return (await environment.unlock(environment.current())).decrypt(Buffer.from(ciphertext, 'base64'))
  }
  const login = (...allowed: string[]) => {
    const { accessKeyId, secretAccessKey } = fake.addLogin(allowed)
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_KMS: fake.url,
      AWS_REGION: 'eu-west-1',
    }
  }

  it('open for whoever may use the key, with one call a process', async () => {
    const writer = world(login('kms:Encrypt', 'kms:Decrypt'))
    const store = Store.init(path(), { secretsProvider: 'awskms://alias/app' }, writer)
    await store.additions.create('a/one', by)
    const ciphertext = await write(store, 'a/one')
    const reader = Store.open(path(), world(login('kms:Decrypt')))
    const before = fake.requests.length
    for (let turn = 0; turn < 5; turn++) expect(await read(reader, 'a/one', ciphertext)).to.equal('hunter2')
    expect(fake.requests.length - before).to.equal(1)
    const stranger = Store.open(path(), world(login('kms:Encrypt')))
    const error = await errorOf(() => read(stranger, 'a/one', ciphertext))
    expect(error.message).to.contain("cannot unwrap the data key of environment 'a/one'").and.to.contain('kms:Decrypt')
  })

  it('leave nothing behind when the first key cannot be made', async () => {
    const store = Store.init(path(), { secretsProvider: 'awskms://alias/app' }, world(login('kms:Decrypt')))
    await store.additions.create('a/one', by)
    const settings = join(path(), 'a', 'one', 'settings.yaml')
    const before = readFileSync(settings, 'utf8')
    expect((await errorOf(() => write(store, 'a/one'))).message).to.contain('kms:Encrypt')
    expect(readFileSync(settings, 'utf8')).to.equal(before)
  })

  it('are not made with a URL that cannot be used', async () => {
    const store = Store.init(path(), {}, world({}))
    for (const secretsProvider of [
      'awskms://alias/app?x=1',
      'hashivault://../sys',
      'age://bob',
      'gcpkms://projects//x',
    ]) {
      const error = await errorOf(() => store.additions.create('a/one', { ...by, secretsProvider }))
      expect(error.message).to.contain('cannot use the secrets provider')
      expect(store.list()).to.deep.equal([])
      expect(await errorOf(() => Store.init(join(folder, 'other'), { secretsProvider }, world({})))).to.be.instanceOf(
        Error,
      )
      expect(() => readFileSync(join(folder, 'other', 'esc.yaml'))).to.throw('ENOENT')
    }
  })

  it('open for all recipients in the file of the store, or of one environment', async () => {
    const identities = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()])
    const recipients = await Promise.all(identities.map(identityToRecipient))
    const holder = (index: number) => world({ ESC_AGE_IDENTITY: identities[index]! })
    const store = Store.init(path(), { secretsProvider: 'age://' }, holder(0))
    writeFileSync(join(path(), 'age-recipients.txt'), `${recipients[0]}\n${recipients[1]}\n`)
    await store.additions.create('a/one', by)
    await store.additions.create('a/two', by)
    writeFileSync(join(path(), 'a', 'two', 'age-recipients.txt'), `${recipients[0]}\n${recipients[2]}\n`)
    const one = await write(store, 'a/one')
    const two = await write(store, 'a/two')
    const opened = async (index: number) => {
      const reader = Store.open(path(), holder(index))
      const attempt = async (name: string, text: string) =>
        (await read(reader, name, text).catch(() => '')) === 'hunter2'
      return [await attempt('a/one', one), await attempt('a/two', two)]
    }
    expect(await Promise.all([0, 1, 2].map(opened))).to.deep.equal([
      [true, true],
      [true, false],
      [false, true],
    ])
  })

  it('change to age recipients of a file, and are cloned for the recipients of their source', async () => {
    const identities = await Promise.all([generateIdentity(), generateIdentity()])
    const [one, two] = await Promise.all(identities.map(identityToRecipient))
    const holder = (index: number) => world({ ESC_AGE_IDENTITY: identities[index]!, ESC_PASSPHRASE: 'correct horse' })
    const store = Store.init(path(), { secretsProvider: 'passphrase' }, holder(0))
    await store.additions.create('a/one', by)
    await write(store, 'a/one')
    writeFileSync(join(path(), 'age-recipients.txt'), `${one}\n${two}\n`)
    writeFileSync(join(path(), 'a', 'one', 'age-recipients.txt'), `${one}\n`)
    const reencrypt = (definition: string) => definition
    const changed = await store.keys.changeSecretsProvider('a/one', { secretsProvider: 'age://', reencrypt })
    expect(changed).to.include({ from: 'passphrase', to: 'age://' })
    await Store.open(path(), holder(0)).additions.clone('a/one', 'a/copy', { ...by, reencrypt })
    for (const name of ['a/one', 'a/copy']) {
      const open = (index: number) => Store.open(path(), holder(index)).environment(name).unlock()
      await open(0)
      const error = await errorOf(() => open(1))
      expect(error.code).to.equal('key_unavailable')
    }
  })
})
