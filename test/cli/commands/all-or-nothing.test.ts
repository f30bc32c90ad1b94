import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'chai'
import { FakeVault } from '../../fakes/vault-transit.ts'
import { Playground } from './esc.ts'

const SECRET = 'values: {token: {fn::secret: not-a-real-token}}\n'

/**
 * Every path below a folder, empty folders too, with what is in each file. Locks and the audit log
 * come and go with every command.
 */
function everything(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (/(?:^|[/\\])(?:locks|\.?audit[^/\\]*)(?:[/\\]|$)/.test(name)) continue
    found[name] = entry.isFile() ? readFileSync(path, 'latin1') : 'folder'
  }
  return found
}

describe('a command that fails at the key of an environment', () => {
  let esc: Playground
  let vault: FakeVault
  let url: string
  let missing: string

  beforeEach(async () => {
    esc = new Playground()
    vault = await new FakeVault().start()
    vault.addKey('app')
    const token = vault.addToken('encrypt/app', 'decrypt/app', 'encrypt/none', 'encrypt/new', 'decrypt/new')
    Object.assign(esc.env, { VAULT_ADDR: vault.url, VAULT_TOKEN: token, ESC_PASSPHRASE: undefined })
    url = 'hashivault://app'
    missing = 'hashivault://none'
  })
  afterEach(async () => {
    await vault.stop()
    esc.remove()
  })

  const encryptions = () => vault.requests.filter(({ path }) => path.includes('/encrypt/')).length

  /** Empty folders of this machine's state say nothing. */
  const machine = () => Object.entries(everything(esc.machine)).filter(([, text]) => text !== 'folder')
  const state = () => ({ store: everything(esc.store), machine: machine() })

  /** Runs what must fail, and expects that nothing is different afterwards. */
  async function fails(words: readonly string[], message: RegExp, input = ''): Promise<string> {
    const before = state()
    const { code, err } = await esc.run(words, { input })
    expect(code, words.join(' ')).to.not.equal(0)
    expect(err, words.join(' ')).to.match(message)
    expect(state(), words.join(' ')).to.deep.equal(before)
    return err
  }

  it('change-secrets-provider leaves the store and this machine as they were, also of an environment without a key', async () => {
    await esc.withEnvironment('app/dev', SECRET)
    await esc.ok('env', 'init', 'app/empty')
    await esc.ok('open', 'app/dev')
    await esc.ok('open', 'app/empty')
    for (const name of ['app/dev', 'app/empty']) {
      await fails(['env', 'change-secrets-provider', name, missing], /encryption key not found/)
      await fails(['env', 'change-secrets-provider', name, 'age://'], /recipient/)
      await fails(['env', 'change-secrets-provider', name, 'passphrase'], /passphrase/)
      // A host that was mistyped is not remembered as allowed.
      const elsewhere = `hashivault://app?address=${encodeURIComponent('https://127.0.0.1:65531')}`
      await fails(['env', 'change-secrets-provider', name, elsewhere], /ECONNREFUSED/)
    }
    // A key that can be wrapped and not unwrapped.
    vault.tokens.set(esc.env.VAULT_TOKEN as string, ['encrypt/app'])
    for (const name of ['app/dev', 'app/empty']) {
      await fails(['env', 'change-secrets-provider', name, url], /cannot unwrap/)
    }
    expect(JSON.parse(await esc.ok('open', 'app/dev'))).to.deep.equal({ token: 'not-a-real-token' })
  })

  it('change-secrets-provider --all changes what it can, and leaves the rest and the default as they were', async () => {
    await esc.withEnvironment('app/dev', SECRET)
    await esc.withEnvironment('app/whole', SECRET)
    const settings = join(esc.store, 'app', 'dev', 'settings.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^id: .*/m, 'id: "?"'))
    const ran = await esc.run(['env', 'change-secrets-provider', '--all', url, '--output', 'json'])
    expect(ran.code).to.equal(1)
    const { environments, isDefault } = JSON.parse(ran.out)
    expect(environments.map(({ name, status }: Record<string, string>) => [name, status])).to.deep.equal([
      ['app/dev', 'failed'],
      ['app/whole', 'changed'],
    ])
    expect(isDefault).to.equal(false)
  })

  it('env init --secrets-provider makes nothing, not even the folder of its project', async () => {
    await esc.ok('init')
    await fails(['env', 'init', 'new/one', '--secrets-provider', missing], /encryption key not found/)
    await fails(
      ['env', 'init', 'new/one', '--secrets-provider', missing, '--file', '-'],
      /encryption key not found/,
      SECRET,
    )
    await fails(['env', 'init', 'new/one', '--secrets-provider', 'passphrase', '--file', '-'], /passphrase/, SECRET)
    await fails(['env', 'init', 'new/one', '--secrets-provider', 'age://', '--file', '-'], /recipient/, SECRET)
    await fails(['env', 'init', 'new/one', '--secrets-provider', 'hashivault://?x'], /names no key|unknown/)
    const made = await esc.run(['env', 'init', 'new/one', '--secrets-provider', url, '--file', '-'], { input: SECRET })
    expect(made.code, made.err).to.equal(0)
    expect(JSON.parse(await esc.ok('open', 'new/one'))).to.deep.equal({ token: 'not-a-real-token' })
    expect(JSON.parse(await esc.ok('check', '--output', 'json')).findings).to.deep.equal([])
  })

  it('env init --secrets-provider asks the provider at once, and keeps the key that it has made', async () => {
    await esc.ok('init')
    await esc.ok('env', 'init', 'app/early', '--secrets-provider', url)
    expect(encryptions()).to.equal(1)
    const settings = () => readFileSync(join(esc.store, 'app', 'early', 'settings.yaml'), 'utf8')
    const key = /^wrappedDataKey: .*$/m.exec(settings())?.[0]
    expect(key).to.contain('v1:hashivault:vault:v1:')
    await esc.ok('env', 'set', 'app/early', 'token', 'not-a-real-token', '--secret')
    expect(settings()).to.contain(key)
    expect(JSON.parse(await esc.ok('open', 'app/early'))).to.deep.equal({ token: 'not-a-real-token' })
    expect(JSON.parse(await esc.ok('check', '--output', 'json')).findings).to.deep.equal([])
  })

  it('env init --copy-config-from makes nothing', async () => {
    await esc.withEnvironment('app/dev', SECRET)
    await esc.ok('open', 'app/dev')
    const copy = ['env', 'init', 'new/copy', '--copy-config-from', 'app/dev']
    await fails([...copy, '--secrets-provider', missing], /encryption key not found/)
    await fails([...copy, '--secrets-provider', 'passphrase'], /passphrase/)
    // The default of the store cannot be used either.
    const configuration = join(esc.store, 'esc.yaml')
    writeFileSync(
      configuration,
      readFileSync(configuration, 'utf8').replace('secretsProvider: default', `secretsProvider: ${missing}`),
    )
    await fails(copy, /encryption key not found/)
    await fails(['env', 'init', 'new/one', '--file', '-'], /encryption key not found/, SECRET)
    expect((await esc.run([...copy, '--secrets-provider', url])).code).to.equal(0)
  })

  it('env init --copy-config-from of what has errors by now makes nothing', async () => {
    await esc.withEnvironment('app/base', 'values: {a: 1}\n')
    await esc.withEnvironment('app/dev', 'imports: [app/base]\nvalues: {b: "${a}"}\n')
    await esc.ok('env', 'rm', 'app/base', '--yes')
    const err = await fails(['env', 'init', 'new/copy', '--copy-config-from', 'app/dev'], /too many errors/)
    expect(err).to.contain('nothing was made')
  })

  it('env import --create makes nothing: a bad file, a key that cannot be had, a definition with errors', async () => {
    await esc.ok('init')
    writeFileSync(join(esc.folder, '.env'), 'PASSWORD=hunter2\n')
    writeFileSync(join(esc.folder, 'bad.env'), 'hunter2\n')
    const words = (file: string, ...more: string[]) => ['env', 'import', 'dotenv', 'new/one', file, '--create', ...more]
    await fails(words('bad.env'), /line 1/)
    await fails(words('nothing.env'), /could not read/)
    await fails(words('.env', '--path', 'a.fn::open::nobody'), /./)
    const configuration = join(esc.store, 'esc.yaml')
    writeFileSync(
      configuration,
      readFileSync(configuration, 'utf8').replace('secretsProvider: default', `secretsProvider: ${missing}`),
    )
    await fails(words('.env'), /encryption key not found/)
    vault.addKey('none')
    vault.tokens.set(esc.env.VAULT_TOKEN as string, ['encrypt/none', 'decrypt/none'])
    await esc.ok(...words('.env'))
    const history = await esc.ok('env', 'version', 'history', 'new/one')
    expect(history).to.match(/import/)
    expect(JSON.parse(await esc.ok('open', 'new/one', 'environmentVariables'))).to.deep.equal({ PASSWORD: 'hunter2' })
  })

  it('env provider … --create and env apply make nothing either', async () => {
    await esc.ok('init')
    const configuration = join(esc.store, 'esc.yaml')
    writeFileSync(
      configuration,
      readFileSync(configuration, 'utf8').replace('secretsProvider: default', `secretsProvider: ${missing}`),
    )
    const login = ['env', 'provider', 'aws-login', 'static', 'new/one', 'AKIAIOSFODNN7EXAMPLE', 'not-a-real-secret']
    await fails([...login, '--create'], /encryption key not found/)
    mkdirSync(join(esc.folder, 'wanted', 'new'), { recursive: true })
    writeFileSync(join(esc.folder, 'wanted', 'new', 'one.yaml'), SECRET)
    await fails(['env', 'apply', '-f', 'wanted'], /encryption key not found/)
  })

  it('init asks a vendor once, and makes no store for a key that does not exist', async () => {
    const made = await esc.run(['init', '--secrets-provider', missing])
    expect(made.code).to.equal(1)
    expect(made.err).to.match(/cannot wrap a data key with Vault key transit\/none: .*encryption key not found/)
    expect(readdirSync(esc.folder)).to.not.include('environments')
    expect(encryptions()).to.equal(1)
    await esc.ok('init', '--secrets-provider', url)
    expect(encryptions()).to.equal(2)
    const again = await esc.run(['init', '--secrets-provider', missing])
    expect(again.err).to.contain('a store already exists')
    expect(encryptions()).to.equal(2)
  })

  it('init with the address in the URL remembers that its host was allowed, once it has succeeded', async () => {
    const typed = `hashivault://app?address=${encodeURIComponent(vault.url)}`
    esc.env.VAULT_ADDR = 'http://127.0.0.1:9'
    expect((await esc.run(['init', '--secrets-provider', typed.replace('//app', '//none')])).code).to.equal(1)
    await esc.ok('init', '--secrets-provider', typed)
    await esc.ok('env', 'init', 'app/dev')
    await esc.ok('env', 'set', 'app/dev', 'a', 'b', '--secret')
    const { stores } = JSON.parse(await esc.ok('trust', 'list', '--output', 'json'))
    expect(stores[0].powers.map(({ value }: { value: string }) => value)).to.deep.equal([vault.url])
    rmSync(esc.machine, { recursive: true })
    const stranger = await esc.run(['open', 'app/dev'])
    expect(stranger.err).to.contain('esc trust')
  })

  it('rewrap --all goes on, reports each, and fails', async () => {
    await esc.withEnvironment('app/local', SECRET)
    vault.addKey('new')
    for (const [name, key] of [
      ['app/first', 'app'],
      ['app/second', 'new'],
    ] as const) {
      const words = ['env', 'init', name, '--secrets-provider', `hashivault://${key}`, '--file', '-']
      expect((await esc.run(words, { input: SECRET })).code).to.equal(0)
    }
    vault.keys.delete('app')
    const before = everything(join(esc.store, 'app', 'first'))
    const second = everything(join(esc.store, 'app', 'second'))
    const ran = await esc.run(['env', 'rewrap', '--all', '--output', 'json'])
    expect(ran.code).to.equal(1)
    const report = JSON.parse(ran.out) as { name: string; status: string; error?: string; code?: string }[]
    expect(report.map(({ name, status }) => [name, status])).to.deep.equal([
      ['app/first', 'failed'],
      ['app/local', 'rewrapped'],
      ['app/second', 'rewrapped'],
    ])
    expect(report[0]!.code).to.equal('key_unavailable')
    expect(report[0]!.error).to.contain('encryption key not found')
    expect(everything(join(esc.store, 'app', 'first'))).to.deep.equal(before)
    expect(everything(join(esc.store, 'app', 'second'))).to.not.deep.equal(second)
    const text = await esc.run(['env', 'rewrap', '--all'])
    expect(text.out).to.match(
      /app\/first: not rewrapped: .*\n {2}hint: .*\napp\/local: its data key is encrypted again/,
    )
    expect(text.code).to.equal(1)
  })
})
