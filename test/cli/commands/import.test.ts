import { createCipheriv } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FakeVault } from '../../fakes/vault-transit.ts'
import { Playground } from './esc.ts'

const SOPS = new URL('../../operations/import/sops/', import.meta.url).pathname

describe('env import', () => {
  let playground: Playground
  const definition = (name = 'app/dev') => readFileSync(join(playground.store, name, 'environment.yaml'), 'utf8')
  const write = (name: string, text: string) => writeFileSync(join(playground.folder, name), text)
  const open = async (path?: string) => JSON.parse(await playground.ok('open', 'app/dev', ...(path ? [path] : [])))

  beforeEach(async () => {
    playground = await new Playground().withEnvironment(
      'app/dev',
      '# mine\nvalues:\n  environmentVariables:\n    OWN: kept # here\n    PORT: 1\n',
    )
  })
  afterEach(() => playground.remove())

  describe('dotenv', () => {
    const ENV = 'PORT=8080\nHOST=${literally}\nDB_PASSWORD="hunter2 \\"two\\""\nURL=postgres://u:hunter3@h/d\n'

    it('puts variables beside those there are, and encrypts what may be a secret', async () => {
      write('.env', ENV)
      const ran = await playground.run(['env', 'import', 'dotenv', 'app/dev', '.env'])
      expect(ran.out).to.equal("Imported 4 values (2 encrypted) into 'app/dev'.\nNew revision '3' was created.\n")
      expect(ran.err).to.equal(
        'warning: .env: HOST (line 2): a $ that many programs replace by a variable or a command is taken as it stands; put the value in single quotes if that is meant\n' +
          'Not encrypted: environmentVariables.PORT, environmentVariables.HOST. --secret encrypts everything.\n',
      )
      expect(definition()).to.include('# mine').and.include('    OWN: kept # here\n').and.not.include('hunter')
      expect(await open('environmentVariables')).to.deep.equal({
        DB_PASSWORD: 'hunter2 "two"',
        HOST: '${literally}',
        OWN: 'kept',
        PORT: '8080',
        URL: 'postgres://u:hunter3@h/d',
      })
      const again = await playground.run(['env', 'import', 'dotenv', 'app/dev', '.env', '--output', 'json'])
      expect(JSON.parse(again.out)).to.include({ revision: 3 })
    })

    it('goes back with open --format dotenv, and in again', async () => {
      write('.env', `${ENV}LINES="a\nb"\nODD='\\$"#'\n`)
      await playground.ok('env', 'import', 'dotenv', 'app/dev', '.env', '--secret')
      write('back.env', await playground.ok('env', 'open', 'app/dev', '--format', 'dotenv'))
      const before = await open('environmentVariables')
      await playground.ok('env', 'import', 'dotenv', 'app/copy', 'back.env', '--create', '--secret')
      expect(JSON.parse(await playground.ok('open', 'app/copy', 'environmentVariables'))).to.deep.equal(
        JSON.parse(JSON.stringify(before), (_, value) => (typeof value === 'object' ? value : String(value))),
      )
      expect(definition('app/copy')).to.not.include('8080')
    })

    it('changes nothing when the file is wrong, or the environment is not there', async () => {
      const before = playground.digest()
      write('.env', 'A=1\nhunter2\n')
      const wrong = await playground.run(['env', 'import', 'dotenv', 'app/dev', '.env'])
      expect(wrong.err).to.match(/^Error: line 2 of \.env is not KEY=value\nhint: /)
      expect((await playground.run(['env', 'import', 'dotenv', 'app/nwe', '--create', '.env'])).code).to.equal(1)
      write('.env', 'A=1\n')
      expect((await playground.run(['env', 'import', 'dotenv', 'app/new', '.env'])).err).to.match(/does not exist/)
      expect((await playground.run(['env', 'import', 'dotenv', 'app/dev', 'none'])).err).to.match(/could not read none/)
      expect(playground.digest()).to.equal(before)
    })
  })

  describe('pulumi', () => {
    // Of the passphrase `password` and this salt.
    const SALT = 'v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=='
    const KEY = Buffer.from('7e700703e28b164e816cb939612c938b8dcf8f8a5237d02824cea3fb656b3a8b', 'hex')
    const secure = (text: string) => {
      const nonce = Buffer.alloc(12, text)
      const cipher = createCipheriv('aes-256-gcm', KEY, nonce)
      const bytes = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
      return `{secure: "v1:${nonce.toString('base64')}:${bytes.toString('base64')}"}`
    }
    const stack = () => `encryptionsalt: ${SALT}
environment:
  - app/base
  - shared/elsewhere
config:
  aws:region: eu-west-1
  shop:replicas: 3
  shop:token: ${secure('hunter2')}
  shop:database:
    host: db.example.com
    passwords: [plain, ${secure('hunter3')}]
    on: true
`
    const PASSPHRASE = { PULUMI_CONFIG_PASSPHRASE: 'password' }

    it('decrypts the secure values and keeps the structure', async () => {
      await playground.ok('env', 'init', 'app/base')
      write('Pulumi.dev.yaml', stack())
      const words = ['env', 'import', 'pulumi', 'app/dev', 'Pulumi.dev.yaml']
      const ran = await playground.run(words, { env: PASSPHRASE })
      expect(ran.err).to.equal(
        "warning: it builds on the environment 'shared/elsewhere', which is not in this store: not imported\n" +
          'Not encrypted: pulumiConfig["aws:region"], pulumiConfig["shop:replicas"], pulumiConfig["shop:database"].host, pulumiConfig["shop:database"].on. --secret encrypts everything.\n',
      )
      expect(ran.out).to.equal(
        "Imported 7 values (3 encrypted) and 1 import into 'app/dev'.\nNew revision '3' was created.\n",
      )
      expect(definition()).to.not.match(/hunter|plain/)
      expect(await open('pulumiConfig')).to.deep.equal({
        'aws:region': 'eu-west-1',
        'shop:replicas': 3,
        'shop:token': 'hunter2',
        'shop:database': { host: 'db.example.com', passwords: ['plain', 'hunter3'], on: true },
      })
      expect(definition()).to.match(/imports:\n {2}- app\/base\n/)
    })

    it('takes the passphrase from a file, and says what is missing', async () => {
      write('Pulumi.dev.yaml', stack())
      write('passphrase', 'password\n')
      const words = ['env', 'import', 'pulumi', 'app/dev', 'Pulumi.dev.yaml']
      const run = (env: Record<string, string>) => playground.run(words, { env })
      expect((await run({})).err).to.match(/set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE/)
      expect((await run({ PULUMI_CONFIG_PASSPHRASE: 'wrong' })).err).to.match(/^Error: the passphrase is not that of /)
      expect((await run({ PULUMI_CONFIG_PASSPHRASE: '' })).err).to.match(/^Error: the passphrase is not that of /)
      write('Cloud.yaml', stack().replace(/encryptionsalt.*\n/, ''))
      const cloud = await playground.run(['env', 'import', 'pulumi', 'app/dev', 'Cloud.yaml'], { env: PASSPHRASE })
      expect(cloud.err).to.match(
        /^Error: the secrets of the stack are encrypted by the Pulumi service, which cannot be/,
      )
      write('Half.yaml', stack().replace(/encryptionsalt.*/, 'secretsprovider: awskms://alias/x'))
      const half = await playground.run(['env', 'import', 'pulumi', 'app/dev', 'Half.yaml'], { env: PASSPHRASE })
      expect(half.err).to.match(/^Error: the stack file has no encryptedkey beside its secretsprovider awskms/)
      expect((await run({ PULUMI_CONFIG_PASSPHRASE_FILE: 'passphrase' })).code).to.equal(0)
    })

    it('opens a stack under the key of a vendor, and says why it cannot', async () => {
      const vault = await new FakeVault().start()
      try {
        vault.addKey('stack')
        const token = vault.addToken('encrypt/stack', 'decrypt/stack')
        const answer = await fetch(`${vault.url}/v1/transit/encrypt/stack`, {
          method: 'POST',
          headers: { 'x-vault-token': token },
          body: JSON.stringify({ plaintext: KEY.toString('base64') }),
        })
        const { data } = (await answer.json()) as { data: { ciphertext: string } }
        const encrypted = Buffer.from(data.ciphertext).toString('base64')
        const lines = `secretsprovider: hashivault://stack\nencryptedkey: ${encrypted}`
        write('Cloud.yaml', stack().replace(/encryptionsalt.*/, lines))
        const words = ['env', 'import', 'pulumi', 'app/dev', 'Cloud.yaml']
        const without = await playground.run(words, { env: { VAULT_ADDR: vault.url } })
        expect(without.err).to.match(
          /^Error: cannot unwrap the data key of the stack with Vault key transit\/stack: no token/,
        )
        const ran = await playground.run(words, { env: { VAULT_ADDR: vault.url, VAULT_TOKEN: token } })
        expect(ran.code, ran.err).to.equal(0)
        expect((await open('pulumiConfig'))['shop:token']).to.equal('hunter2')
      } finally {
        await vault.stop()
      }
    })

    it('refuses, with the place in the file, what an environment cannot hold or would mean something else', async () => {
      const refused: Record<string, RegExp> = {
        'config:\n  a: .inf\n':
          /^Error: stack\.yaml:2:6: the value is infinite \(\.inf\), and an environment cannot hold that/,
        'config:\n  a: [-.Inf]\n': /^Error: stack\.yaml:2:7: the value is infinite/,
        'config:\n  a: .NaN\n': /^Error: stack\.yaml:2:6: the value is not a number/,
        'config:\n  a:\n    fn::open: x\n':
          /^Error: stack\.yaml:3:5: the key "fn::open" would be the call of a function/,
        'config:\n  a: [{fn::x: 1}]\n': /^Error: stack\.yaml:2:8: the key "fn::x" would be the call/,
        'config:\n  1: x\n': /^Error: stack\.yaml:2:3: mapping keys must be strings/,
        'config: {a: 1}\n---\nconfig: {b: 1}\n':
          /^Error: stack\.yaml:2: the file goes on behind its first YAML document/,
      }
      const before = playground.digest()
      for (const [text, message] of Object.entries(refused)) {
        write('stack.yaml', text)
        const ran = await playground.run(['env', 'import', 'pulumi', 'app/dev', 'stack.yaml'])
        expect(ran.err, text).to.match(message)
        expect(ran.code, text).to.not.equal(0)
      }
      for (const key of ['imports', 'context', 'environments']) {
        write('stack.yaml', `config:\n  ${key}: {a: 1}\n`)
        const ran = await playground.run(['env', 'import', 'pulumi', 'app/dev', 'stack.yaml', '--path', ''])
        expect(ran.err, key).to.match(
          new RegExp(`^Error: stack\\.yaml:2:3: the key "${key}" is reserved in an environment`),
        )
      }
      expect(playground.digest()).to.equal(before)
    })

    it('takes over keys as they are: reserved names further down, dots, dollars, braces', async () => {
      write(
        'stack.yaml',
        `config:
  imports: [a]
  values: {x: 1}
  a.b: 1
  "x\${y}": 2
  "p$$q": 3
  nested: {imports: 1, context: 2, "z\${y}": 3, "q$$r": 4, "a.b": 5, "": 6}
`,
      )
      await playground.ok('env', 'import', 'pulumi', 'app/dev', 'stack.yaml')
      expect(await open('pulumiConfig')).to.deep.equal({
        imports: ['a'],
        values: { x: 1 },
        'a.b': 1,
        'x${y}': 2,
        p$$q: 3,
        nested: { imports: 1, context: 2, 'z${y}': 3, q$$r: 4, 'a.b': 5, '': 6 },
      })
      await playground.ok('env', 'import', 'pulumi', 'app/top', 'stack.yaml', '--path', 'a', '--create')
    })
  })

  describe('sops', () => {
    const env = { SOPS_AGE_KEY_FILE: join(SOPS, 'key.txt') }

    it('brings values over with their types, secrets as secrets', async () => {
      const ran = await playground.run(['env', 'import', 'sops', 'app/dev', join(SOPS, 'all.yaml')], { env })
      expect(ran.code, ran.err).to.equal(0)
      expect(definition()).to.include('OWN: kept # here').and.not.include('grüße').and.not.include('5432')
      expect(await open()).to.deep.equal({
        environmentVariables: { OWN: 'kept', PORT: 1 },
        database: {
          user: 'app',
          password: 'pa$$word with ${braces} and "quotes"',
          port: 5432,
          ratio: 0.1,
          tiny: 1e-7,
          on: true,
          off: false,
          nothing: null,
          empty: '',
        },
        hosts: ['a.example.com', { name: 'b', weight: 3 }],
        certificate: '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n',
        version_unencrypted: 7,
        label_unencrypted: { text: 'in the clear', flag: true, float: 1.5, big: 1e21, list: [1, 'two'] },
        unicode: 'grüße 🚀',
      })
      const json = JSON.parse(await playground.ok('env', 'get', 'app/dev', 'database', '--value', 'json'))
      expect(json).to.include({ port: '[secret]', on: '[secret]', empty: '' })
    })

    it('reads JSON too, below a path', async () => {
      const file = readFileSync(join(SOPS, 'all.json'), 'utf8')
      const words = ['env', 'import', 'sops', 'app/dev', '-', '--path', 'from.sops']
      expect((await playground.run(words, { env, input: file })).code).to.equal(0)
      expect(await open('from.sops.a')).to.deep.equal({ list: [true, null, 's'], deep: { k: 12345678901 } })
    })

    it('refuses a file that was changed, and changes nothing', async () => {
      const before = playground.digest()
      const input = readFileSync(join(SOPS, 'all.yaml'), 'utf8').replace('in the clear', 'in the dark')
      const ran = await playground.run(['env', 'import', 'sops', 'app/dev', '-'], { env, input })
      expect(ran.err).to.match(/^Error: the MAC of standard input does not match/)
      expect(playground.digest()).to.equal(before)
    })
  })
})
