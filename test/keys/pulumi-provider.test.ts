import { createCipheriv, randomBytes } from 'node:crypto'
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import { crc32c } from '../../src/keys/crc32c.ts'
import { type KeyContext, makePulumiProvider, openPulumiProvider } from '../../src/keys/index.ts'
import { keyVaultToken } from '../../src/keys/providers/azure-token.ts'
import { googleToken } from '../../src/keys/providers/google-token.ts'
import { FakeKms } from '../fakes/aws-kms.ts'
import { FakeAzure } from '../fakes/azure-key-vault.ts'
import { FakeGoogle } from '../fakes/gcp-kms.ts'
import { FakeVault } from '../fakes/vault-transit.ts'
import { errorOf } from '../store/worlds.ts'
import { contextOf } from './setup.ts'

/** The stack's own key, and a value that Pulumi has encrypted with it. */
const key = randomBytes(32)
function secure(text: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const bytes = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
  return `v1:${nonce.toString('base64')}:${bytes.toString('base64')}`
}

const call = { action: 'wrap', key: 'x', owner: { id: 'x', name: 'x' }, hidden: [] } as const
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64')

async function opens(url: string, encryptedKey: string, context: KeyContext): Promise<void> {
  const secrets = await openPulumiProvider({ url, encryptedKey }, context)
  expect(secrets.decrypt(secure('hunter2'))).to.equal('hunter2')
}
/** Makes the key of a new stack, and opens it by the lines of its file. */
async function makes(url: string, context: KeyContext): Promise<Buffer> {
  const { secrets, encryptedKey } = await makePulumiProvider(url, context)
  const opened = await openPulumiProvider({ url, encryptedKey }, context)
  for (const text of ['', 'hunter2', 'à\n']) {
    expect(opened.decrypt(secrets.encrypt(text))).to.equal(text)
    expect(secrets.encrypt(text)).to.not.equal(secrets.encrypt(text))
  }
  const again = await makePulumiProvider(url, context)
  expect(() => again.secrets.decrypt(secrets.encrypt('hunter2')), 'each stack has a key of its own').to.throw()
  return Buffer.from(encryptedKey, 'base64')
}
const refusal = (url: string, encryptedKey: string, context: KeyContext) =>
  errorOf(() => openPulumiProvider({ url, encryptedKey }, context)) as Promise<EscError>

async function post(context: KeyContext, url: string, token: string, body: object): Promise<Record<string, string>> {
  const answer = await context.network!.fetch!(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.status).to.equal(200)
  return (await answer.json()) as Record<string, string>
}

describe('the key of a Pulumi stack', () => {
  // The SDK otherwise prints a notice about this release of Node.
  before(() => {
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  })

  it('is decrypted by AWS KMS, with the encryption context of its URL alone', async () => {
    const fake = await new FakeKms().start()
    try {
      fake.aliases.set('eu-west-1/stack', fake.addKey('eu-west-1'))
      const { accessKeyId, secretAccessKey } = fake.addLogin(['kms:Encrypt', 'kms:Decrypt'])
      const kms = new KMSClient({
        region: 'eu-west-1',
        endpoint: fake.url,
        credentials: { accessKeyId, secretAccessKey },
      })
      const env = {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_ENDPOINT_URL_KMS: fake.url,
      }
      const context = contextOf({ env, configFolder: '/nowhere' })
      for (const [query, EncryptionContext] of [
        ['', undefined],
        ['&context_team=platform', { team: 'platform' }],
      ] as const) {
        const { CiphertextBlob } = await kms.send(
          new EncryptCommand({ KeyId: 'alias/stack', Plaintext: key, ...(EncryptionContext && { EncryptionContext }) }),
        )
        const url = `awskms://alias/stack?region=eu-west-1&awssdk=v2${query}`
        await opens(url, base64(CiphertextBlob!), context)
        await makes(url, context)
        const other = await refusal(`${url}&context_stage=prod`, base64(CiphertextBlob!), context)
        expect(other.code).to.equal('tampered')
        expect(other.message).to.contain('the data key of the stack with AWS KMS key alias/stack')
        expect(other.hint).to.contain('encryptedkey')
      }
      kms.destroy()
    } finally {
      await fake.stop()
    }
  })

  it('is decrypted by Azure Key Vault, as the text that Azure answered with, or its bytes', async () => {
    const fake = await new FakeAzure().start()
    try {
      fake.addVersion('stack')
      fake.apps.set('app-1', { secret: 'Xy~8Q-client-secret', allowed: ['encrypt', 'decrypt'] })
      const env = { AZURE_TENANT_ID: fake.tenant, AZURE_CLIENT_ID: 'app-1', AZURE_CLIENT_SECRET: 'Xy~8Q-client-secret' }
      const context = contextOf({ env, configFolder: '/nowhere', routes: fake.routes })
      const url = 'azurekeyvault://team.vault.azure.net/keys/stack'
      const token = await keyVaultToken('team.vault.azure.net', context, call)
      const encrypt = async (bytes: Uint8Array | string) => {
        const place = 'https://team.vault.azure.net/keys/stack//encrypt?api-version=7.4'
        const value = Buffer.from(bytes).toString('base64url')
        return (await post(context, place, token, { alg: 'RSA-OAEP-256', value })).value as string
      }
      await opens(url, base64(await encrypt(key)), context)
      await opens(url, base64(Buffer.from(await encrypt(key.toString('base64')), 'base64url')), context)
      // The form in which Go Cloud keeps it: the text that Azure answers with, without padding.
      expect((await makes(url, context)).toString('latin1')).to.match(/^[\w-]{342}$/)
      const wrong = await refusal(url, base64(randomBytes(256)), context)
      expect(wrong.code).to.equal('tampered')
    } finally {
      await fake.stop()
    }
  })

  it('is decrypted by Google Cloud KMS, without authenticated data of ours', async () => {
    const fake = await new FakeGoogle().start()
    try {
      const name = 'projects/p/locations/l/keyRings/r/cryptoKeys/stack'
      fake.addKey(name)
      const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', ['useToEncrypt', 'useToDecrypt'])
      const context = contextOf({
        env: { GOOGLE_CREDENTIALS: credentials },
        configFolder: '/nowhere',
        routes: fake.routes,
      })
      const token = await googleToken(context, call)
      const place = `https://cloudkms.googleapis.com/v1/${name}:encrypt`
      const { ciphertext } = await post(context, place, token, {
        plaintext: base64(key),
        plaintextCrc32c: String(crc32c(key)),
      })
      await opens(`gcpkms://${name}`, ciphertext as string, context)
      await makes(`gcpkms://${name}`, context)
      await makes(`gcpkms://${name}?additional_authenticated_data=dGVhbQ`, context)
    } finally {
      await fake.stop()
    }
  })

  it('is decrypted by Vault', async () => {
    const fake = await new FakeVault().start()
    try {
      fake.addKey('stack')
      const token = fake.addToken('encrypt/stack', 'decrypt/stack')
      const context = contextOf({ env: { VAULT_ADDR: fake.url, VAULT_TOKEN: token }, configFolder: '/nowhere' })
      const answer = await fetch(`${fake.url}/v1/transit/encrypt/stack`, {
        method: 'POST',
        headers: { 'x-vault-token': token },
        body: JSON.stringify({ plaintext: base64(key) }),
      })
      const { data } = (await answer.json()) as { data: { ciphertext: string } }
      await opens('hashivault://stack', base64(data.ciphertext), context)
      expect((await makes('hashivault://stack', context)).toString('latin1')).to.match(/^vault:v1:/)
      const missing = await errorOf(() => makePulumiProvider('hashivault://none', context))
      expect(missing.code).to.equal('key_unavailable')
      expect(String(missing.hint)).to.not.contain('encryptedkey')
      const other = await refusal('hashivault://stack', base64('vault:v1:AAAA'), context)
      expect(other.hint).to.contain('encryptedkey')
    } finally {
      await fake.stop()
    }
  })

  it('goes to no host that the user has not named, and is refused when it is none', async () => {
    const context = contextOf({ env: { VAULT_TOKEN: 'hvs.token' }, configFolder: '/nowhere' })
    for (const url of [
      'hashivault://stack?address=https%3A%2F%2Fevil.example',
      'azurekeyvault://x.vault.evil.example/keys/k',
      'awskms://alias/x?region=eu-west-1&endpoint=https%3A%2F%2Fevil.example',
    ]) {
      const made = await errorOf(() => makePulumiProvider(url, context))
      expect(made.code, url).to.equal('untrusted')
      const error = await refusal(url, base64('vault:v1:AAAA'), context)
      expect(error.code, url).to.equal('untrusted')
      expect(error.hint, url)
        .to.match(/set ESC_KEY_HOSTS=\S*evil\.example/)
        .and.not.contain('esc trust')
    }
    const malformed = await refusal('hashivault://stack', 'not base64!', context)
    expect(malformed.message).to.contain('encryptedkey')
    const local = await refusal('passphrase', base64('x'), context)
    expect(local.code).to.equal('invalid_input')
    for (const url of ['default', 'age', 'nothing://x']) {
      const none = await errorOf(() => makePulumiProvider(url, context))
      expect(none.code, url).to.equal('invalid_input')
    }
  })
})
