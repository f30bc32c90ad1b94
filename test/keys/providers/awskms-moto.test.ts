import { createCipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateAliasCommand, CreateKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import { expect } from 'chai'
import { DataKey, openPulumiProvider, openSecretsProvider } from '../../../src/keys/index.ts'
import { skipWithout } from '../../servers/binary.ts'
import { type MotoServer, missingMoto, motoPackages, startMoto } from '../../servers/moto.ts'
import { errorOf } from '../../store/worlds.ts'
import { contextOf } from '../setup.ts'

// An independent rendering of KMS and STS. The fake, which checks signatures and contexts too, is
// what every run uses.
if (process.env.SLOW !== undefined) {
  describe('a key of AWS KMS against moto', function () {
    this.timeout(60_000)
    const owner = { id: 'environment-1', name: 'rotators/ci' }
    let moto: MotoServer
    let folder: string
    let kms: KMSClient
    let env: Record<string, string>

    before(async function () {
      skipWithout(this, missingMoto(), motoPackages)
      process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
      moto = await startMoto()
      folder = mkdtempSync(join(tmpdir(), 'esc-moto-kms-'))
      const section = `region = eu-west-1\nendpoint_url = ${moto.url}\n`
      const role = 'role_arn = arn:aws:iam::123456789012:role/esc\nsource_profile = local\n'
      writeFileSync(join(folder, 'config'), `[profile local]\n${section}[profile role]\n${role}${section}`)
      writeFileSync(
        join(folder, 'credentials'),
        '[local]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = not-a-real-key\n',
      )
      const files = {
        AWS_CONFIG_FILE: join(folder, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      }
      env = files
      // The SDK itself reads them.
      Object.assign(process.env, files)
      const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-a-real-key' }
      kms = new KMSClient({ region: 'eu-west-1', endpoint: moto.url, credentials })
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
      await kms.send(new CreateAliasCommand({ AliasName: 'alias/esc', TargetKeyId: KeyMetadata!.KeyId! }))
    })
    after(async () => {
      for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) delete process.env[name]
      kms?.destroy()
      await moto?.stop()
      if (folder) rmSync(folder, { recursive: true })
    })

    const context = () => contextOf({ env, configFolder: '/nowhere' })

    it('wraps and unwraps by a profile with an endpoint, and by one that assumes a role there', async () => {
      const dataKey = DataKey.generate(owner).revealBytes()
      for (const profile of ['local', 'role']) {
        const provider = await openSecretsProvider(`awskms://alias/esc?profile=${profile}`, context(), owner)
        const wrapped = await provider.wrapKey(dataKey)
        expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey), profile).to.equal(true)
      }
      const missing = await openSecretsProvider('awskms://alias/nothing?profile=local', context(), owner)
      expect((await errorOf(() => missing.wrapKey(dataKey))).message).to.contain('NotFoundException')
    })

    it('decrypts the key of a Pulumi stack', async () => {
      const key = randomBytes(32)
      const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: 'alias/esc', Plaintext: key }))
      const stack = {
        url: 'awskms://alias/esc?profile=local',
        encryptedKey: Buffer.from(CiphertextBlob!).toString('base64'),
      }
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
      const bytes = Buffer.concat([cipher.update('hunter2'), cipher.final(), cipher.getAuthTag()])
      const secure = `v1:${Buffer.alloc(12).toString('base64')}:${bytes.toString('base64')}`
      expect((await openPulumiProvider(stack, context())).decrypt(secure)).to.equal('hunter2')
    })
  })
}
