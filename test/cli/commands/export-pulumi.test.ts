import { createDecipheriv } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { load } from 'js-yaml'
import { FakeVault } from '../../fakes/vault-transit.ts'
import { Playground } from './esc.ts'

// Of the passphrase `password` and this salt.
const SALT = 'v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=='
const KEY = Buffer.from('7e700703e28b164e816cb939612c938b8dcf8f8a5237d02824cea3fb656b3a8b', 'hex')
const PASSPHRASE = { PULUMI_CONFIG_PASSPHRASE: 'password' }

const DEFINITION = `values:
  token: {fn::secret: not-a-real-token}
  account: {fn::fromJSON: {fn::secret: '{"hiddenname": "not-a-real-name", "n": 5}'}}
  pulumiConfig:
    aws:region: eu-west-1
    app:token: \${token}
    app:size: 3
    app:zip: "0123"
    app:flag: "true"
    app:pin: {fn::fromJSON: {fn::secret: "42"}}
    app:nothing: null
    app:endpoints:
      - {url: https://example.com, token: {fn::secret: not-a-real-one}, on: true}
    app:account: \${account}
    app:mixed: {plain: x, account: "\${account}"}
    bare: value
`

/** A value of a stack file, as far as the tests look into it. */
interface Written {
  readonly secure: string
  readonly 0: { readonly token: { readonly secure: string } }
}

function decrypt(value: string): string {
  const [version, nonce = '', text = ''] = value.split(':')
  expect(version).to.equal('v1')
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', KEY, Buffer.from(nonce, 'base64'))
  decipher.setAuthTag(bytes.subarray(-16))
  return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
}

describe('esc export pulumi', function () {
  this.timeout(60_000)
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('app/dev', DEFINITION)
    write('Pulumi.yaml', 'name: shop\nruntime: nodejs\n')
  })
  afterEach(() => playground.remove())

  const write = (name: string, text: string) => writeFileSync(join(playground.folder, name), text)
  const read = (name = 'Pulumi.dev.yaml') => readFileSync(join(playground.folder, name), 'utf8')
  const run = (words: readonly string[] = [], env: Record<string, string> = PASSPHRASE) =>
    playground.run(['export', 'pulumi', 'app/dev', '--stack', 'dev', ...words], { env })
  const ok = async (words: readonly string[] = [], env: Record<string, string> = PASSPHRASE) => {
    const ran = await run(words, env)
    expect(ran.code, ran.err).to.equal(0)
    return ran.out
  }
  const config = () => (load(read()) as { config: Record<string, Written> }).config

  it('writes what the key of a known salt decrypts, and each kind of value as programs read it', async () => {
    write('Pulumi.dev.yaml', `encryptionsalt: ${SALT}\n`)
    const out = await ok()
    expect(out).to.include('10 added, 0 replaced, 0 unchanged').and.include('encrypted under passphrase')
    expect(read()).to.not.match(/not-a-real|hiddenname/)
    const written = config()
    expect(Object.keys(written)).to.have.length(10)
    expect(written).to.deep.include({
      'aws:region': 'eu-west-1',
      'app:size': 3,
      'app:zip': '0123',
      'app:flag': 'true',
      'shop:bare': 'value',
    })
    expect(decrypt(written['app:token']!.secure)).to.equal('not-a-real-token')
    expect(decrypt(written['app:pin']!.secure)).to.equal('42')
    const endpoint = written['app:endpoints']![0]
    expect(endpoint).to.deep.include({ url: 'https://example.com', on: true })
    expect(decrypt(endpoint.token.secure)).to.equal('not-a-real-one')
    // Neither the names of a secret mapping nor its kinds are lost: it is one text.
    expect(JSON.parse(decrypt(written['app:account']!.secure))).to.deep.equal({
      hiddenname: 'not-a-real-name',
      n: 5,
    })
    expect(JSON.parse(decrypt(written['app:mixed']!.secure))).to.deep.equal({
      plain: 'x',
      account: { hiddenname: 'not-a-real-name', n: 5 },
    })
  })

  it('makes a new file under a passphrase, which the import reads back', async () => {
    await ok()
    expect(read()).to.match(/^encryptionsalt: v1:\S{12}:v1:\S{16}:\S+\nconfig:\n/)
    const words = ['env', 'import', 'pulumi', 'app/back', 'Pulumi.dev.yaml', '--create']
    const imported = await playground.run(words, { env: PASSPHRASE })
    expect(imported.code, imported.err).to.equal(0)
    const { pulumiConfig } = JSON.parse(await playground.ok('open', 'app/back'))
    expect(pulumiConfig).to.deep.include({ 'app:token': 'not-a-real-token', 'app:size': 3, 'app:zip': '0123' })
  })

  it('changes nothing in the file but what has changed, and keeps ciphertexts, comments and other lines', async () => {
    write(
      'Pulumi.dev.yaml',
      `# of the team\nencryptionsalt: ${SALT}\nenvironment: [app/other]\nconfig:\n  other:key: kept # mine\n`,
    )
    await ok()
    const before = read()
    expect(await ok()).to.include('has it all already')
    expect(read()).to.equal(before)
    await playground.ok('config', 'set', '--env', 'app/dev', '--path', 'app:endpoints[0].url', 'https://other.example')
    await playground.ok('config', 'set', '--env', 'app/dev', 'aws:region', 'us-west-2')
    expect(await ok()).to.include('0 added, 2 replaced, 8 unchanged')
    expect(read()).to.equal(
      before
        .replace('aws:region: eu-west-1', 'aws:region: us-west-2')
        .replace('https://example.com', 'https://other.example'),
    )
    expect(read())
      .to.match(/^# of the team\n/)
      .and.include('  other:key: kept # mine\n')
  })

  it('encrypts under the key of a vendor, new or that of the file', async () => {
    const vault = await new FakeVault().start()
    try {
      vault.addKey('stack')
      const token = vault.addToken('encrypt/stack', 'decrypt/stack')
      const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: token }
      expect(await ok(['--secrets-provider', 'hashivault://stack'], env)).to.include('under hashivault://stack')
      expect(read()).to.match(/^secretsprovider: hashivault:\/\/stack\nencryptedkey: \S+\n/)
      expect(await ok([], env)).to.include('has it all already')
      await playground.ok('env', 'set', 'app/dev', 'token', 'another-secret', '--secret')
      expect(await ok([], env)).to.include('1 replaced')
      const words = ['env', 'import', 'pulumi', 'app/back', 'Pulumi.dev.yaml', '--create']
      expect((await playground.run(words, { env })).code).to.equal(0)
      expect(JSON.parse(await playground.ok('open', 'app/back')).pulumiConfig['app:token']).to.equal('another-secret')
    } finally {
      await vault.stop()
    }
  })

  it('writes nothing, and shows no secret, where something is wrong', async () => {
    const refused = async (wanted: RegExp, words: readonly string[] = [], env: Record<string, string> = PASSPHRASE) => {
      const before = existsSync(join(playground.folder, 'Pulumi.dev.yaml')) ? read() : undefined
      const files = readdirSync(playground.folder)
      const ran = await run(words, env)
      expect(ran.code, ran.out).to.be.oneOf([1, 2])
      expect(ran.err).to.match(wanted)
      expect(ran.out + ran.err).to.not.match(/not-a-real|hiddenname/)
      expect(readdirSync(playground.folder)).to.deep.equal(files)
      if (before !== undefined) expect(read()).to.equal(before)
    }
    await refused(/set PULUMI_CONFIG_PASSPHRASE or/, [], {})
    await refused(/is not the name of a stack/, ['--stack', 'acme/shop/dev'])
    await refused(/there is no folder/, ['--folder', 'nowhere'])
    await refused(/a stack has no secrets provider 'default'/, ['--secrets-provider', 'default'])
    write('Pulumi.dev.yaml', `encryptionsalt: ${SALT}\nconfig:\n  a:b: c\n`)
    await refused(/^Error: the passphrase is not that of the stack file/, [], { PULUMI_CONFIG_PASSPHRASE: 'wrong' })
    await refused(/encrypted under passphrase, not awskms/, ['--secrets-provider', 'awskms://alias/x?region=us-east-1'])
    write('Pulumi.dev.yaml', 'config:\n  a:b: c\n')
    await refused(/does not say how its secrets are encrypted/)
    write('Pulumi.dev.yaml', 'config:\n  a:b: {secure: AAABAMh}\n')
    await refused(/by the Pulumi service/)
    write('Pulumi.dev.yaml', 'config: [\n')
    await refused(/^Error: .*Pulumi\.dev\.yaml:\d/)
    write('Pulumi.dev.yaml', 'a: 1\n---\nb: 2\n')
    await refused(/goes on behind its first YAML document/)
    write('Pulumi.yaml', 'runtime: nodejs\n')
    write('Pulumi.dev.yaml', `encryptionsalt: ${SALT}\n`)
    await refused(/the key bare has no namespace/)
    await ok(['--project', 'mine'])
    expect(config()['mine:bare']).to.equal('value')
  })

  it('refuses values that a stack file cannot hold', async () => {
    const exporting = async (pulumiConfig: string) => {
      const input = `values: {pulumiConfig: ${pulumiConfig}}\n`
      const edited = await playground.run(['env', 'edit', 'app/dev', '--file', '-'], { input })
      expect(edited.code, edited.err).to.equal(0)
      return run()
    }
    expect((await exporting('{"a:o": {b: [{secure: x}]}}')).err).to.include("only key is 'secure'")
    expect((await exporting('{"shop:a": 1, a: 2}')).err).to.include('both a and shop:a')
    expect((await exporting('{}')).err).to.include('has no configuration to export')
    const bytes = await exporting('{"a:b": {fn::fromBase64: {fn::secret: /w==}}}')
    expect(bytes.err).to.include('a:b holds bytes that are not text')
    expect(existsSync(join(playground.folder, 'Pulumi.dev.yaml'))).to.equal(false)
  })

  it('refuses a credential that was never rotated, and exports it once it was', async () => {
    await playground.ok('env', 'set', 'app/dev', 'user', '{fn::rotate::password: {inputs: {length: 20}}}')
    await playground.ok('env', 'set', 'app/dev', 'pulumiConfig["app:password"]', '$' + '{user.current}')
    const ran = await run()
    expect(ran.err).to.include('never rotated').and.not.include('allow-unknown')
    await playground.ok('env', 'rotate', 'app/dev')
    write('Pulumi.dev.yaml', `encryptionsalt: ${SALT}\n`)
    await ok()
    const { user } = JSON.parse(await playground.ok('open', 'app/dev'))
    expect(decrypt(config()['app:password']!.secure)).to.equal(user.current)
  })

  it('refuses a file that is a link, so that no other file is replaced', async () => {
    mkdirSync(join(playground.folder, 'elsewhere'))
    write('elsewhere/x.yaml', 'config: {}\n')
    symlinkSync(join('elsewhere', 'x.yaml'), join(playground.folder, 'Pulumi.dev.yaml'))
    expect((await run()).err).to.include('is not a file of its own')
    expect(read('elsewhere/x.yaml')).to.equal('config: {}\n')
  })
})
