import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { DataKey, type KeyContext, openSecretsProvider } from '../../../src/keys/index.ts'
import { FakeGoogle } from '../../fakes/gcp-kms.ts'
import { errorOf } from '../../store/worlds.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'
import { contextOf } from '../setup.ts'

testSecretsProvider({
  kind: 'gcpkms',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeGoogle().start()
    const name = 'projects/p/locations/europe-west1/keyRings/r/cryptoKeys'
    fake.addKey(`${name}/app`)
    fake.addKey(`${name}/other`)
    const allowed = ['useToEncrypt', 'useToDecrypt']
    const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    const weak = fake.addAccount('weak@p.iam.gserviceaccount.com', ['useToEncrypt']).credentials
    const stranger = { ...JSON.parse(credentials), private_key: JSON.parse(weak).private_key }
    const setup = (env: Record<string, string>): Setup => ({ env, configFolder: folder, routes: fake.routes })
    const privateLine = (text: string) => (JSON.parse(text).private_key as string).split('\n')[3]!
    const url = `gcpkms://${name}/app?additional_authenticated_data=dGVhbQ`
    return {
      url,
      setup: setup({ GOOGLE_CREDENTIALS: credentials }),
      other: {
        url: `gcpkms://${name}/other?additional_authenticated_data=dGVhbQ`,
        message: /INVALID_ARGUMENT: Decryption failed/,
      },
      secrets: () => [privateLine(credentials), privateLine(weak), ...fake.issuedTokens],
      fake,
      rotate: () => fake.rotate(`${name}/app`),
      failures: {
        'no permission': {
          setup: setup({ GOOGLE_CREDENTIALS: weak }),
          ...unavailable,
          message: /PERMISSION_DENIED: Permission 'cloudkms\.cryptoKeyVersions\.useToDecrypt' denied/,
        },
        'no credentials': { setup: setup({}), ...unavailable, message: /no Google credentials are set/ },
        'credentials that are not JSON': {
          setup: setup({ GOOGLE_CREDENTIALS: '{' }),
          ...unavailable,
          message: /GOOGLE_CREDENTIALS is not a JSON object/,
        },
        'a credentials file that is not there': {
          setup: setup({ GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/sa.json' }),
          ...unavailable,
          message: /there is no file \/nowhere\/sa\.json/,
        },
        'the key of another account': {
          setup: setup({ GOOGLE_CREDENTIALS: JSON.stringify(stranger) }),
          ...unavailable,
          message: /invalid_grant: Invalid JWT Signature/,
        },
        'no such key': { url: `gcpkms://${name}/none`, action: 'wrap', ...unavailable, message: /NOT_FOUND/ },
        'a disabled version': {
          cause: () => void fake.keys.get(`${name}/app`)!.disabled.add(1),
          ...unavailable,
          message: /FAILED_PRECONDITION: cryptoKeyVersions\/1 is not enabled/,
        },
        'other authenticated data': { url: `gcpkms://${name}/app`, code: 'tampered', message: /INVALID_ARGUMENT/ },
        'damage on the way': {
          cause: () => {
            fake.damages = true
          },
          code: 'provider_failed',
          message: /malformed answer/,
        },
      },
    }
  },
})

describe('a key of Google Cloud KMS', () => {
  const owner = { id: 'environment-1', name: 'rotators/ci' }
  const dataKey = DataKey.generate(owner).revealBytes()
  const name = 'projects/p/locations/global/keyRings/r/cryptoKeys/app'
  const allowed = ['useToEncrypt', 'useToDecrypt']
  let fake: FakeGoogle
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-gcp-'))
    fake = await new FakeGoogle().start()
    fake.addKey(name)
  })
  afterEach(async () => {
    await fake.stop()
    rmSync(folder, { recursive: true })
  })

  const context = (env: Record<string, string>) => contextOf({ env, configFolder: folder, routes: fake.routes })
  async function roundTrip(keys: KeyContext): Promise<string> {
    const provider = await openSecretsProvider(`gcpkms://${name}`, keys, owner)
    const wrapped = await provider.wrapKey(dataKey)
    expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    return wrapped
  }
  function file(content: object | string): string {
    const path = join(folder, `credentials-${Math.random()}.json`)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  it('is used with the key of a service account, inline or in a file', async () => {
    const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    await roundTrip(context({ GOOGLE_CREDENTIALS: credentials }))
    await roundTrip(context({ GOOGLE_CREDENTIALS: file(credentials) }))
    await roundTrip(context({ GOOGLE_APPLICATION_CREDENTIALS: file(credentials) }))
  })

  it('costs one token a process', async () => {
    const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    const keys = context({ GOOGLE_CREDENTIALS: credentials })
    await Promise.all([roundTrip(keys), roundTrip(keys)])
    expect(fake.issuedTokens).to.have.length(1)
  })

  it('is used with an access token, before anything else', async () => {
    fake.machine = allowed
    await roundTrip(context({}))
    const [token] = fake.issuedTokens
    fake.machine = undefined
    for (const variable of ['GOOGLE_OAUTH_ACCESS_TOKEN', 'CLOUDSDK_AUTH_ACCESS_TOKEN']) {
      await roundTrip(context({ [variable]: token!, GOOGLE_CREDENTIALS: '{' }))
    }
  })

  it('is used by a person who has logged in with gcloud', async () => {
    fake.users.set('1//refresh', allowed)
    const login = { type: 'authorized_user', client_id: 'c', client_secret: 'd-FL95Q', refresh_token: '1//refresh' }
    mkdirSync(join(folder, '.config', 'gcloud'), { recursive: true })
    writeFileSync(join(folder, '.config', 'gcloud', 'application_default_credentials.json'), JSON.stringify(login))
    await roundTrip(context({ HOME: folder }))
    const stale = file({ ...login, refresh_token: '1//revoked' })
    const error = await errorOf(() => roundTrip(context({ GOOGLE_APPLICATION_CREDENTIALS: stale })))
    expect(error.message).to.contain('invalid_grant: Bad Request')
  })

  it('is used by the service account of the machine', async () => {
    fake.machine = allowed
    await roundTrip(context({}))
  })

  it('is used by workloads of another issuer, directly or as a service account', async () => {
    const token = 'eyJ.other.issuer'
    fake.federated.set(token, [...allowed, 'impersonate'])
    fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    writeFileSync(join(folder, 'token'), `${token}\n`)
    const account = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/ci',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: join(folder, 'token') },
    }
    const impersonation =
      'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/esc@p.iam.gserviceaccount.com:generateAccessToken'
    await roundTrip(context({ GOOGLE_CREDENTIALS: JSON.stringify(account) }))
    await roundTrip(
      context({ GOOGLE_CREDENTIALS: JSON.stringify({ ...account, service_account_impersonation_url: impersonation }) }),
    )
    const noFile = { ...account, credential_source: { file: folder } }
    const unreadable = await errorOf(() => roundTrip(context({ GOOGLE_CREDENTIALS: JSON.stringify(noFile) })))
    expect(unreadable.message).to.contain(`the token file ${folder}`).and.to.contain('(EISDIR)')
    const json = { file: join(folder, 'json'), format: { type: 'json', subject_token_field_name: 'value' } }
    writeFileSync(json.file, JSON.stringify({ value: token }))
    await roundTrip(context({ GOOGLE_CREDENTIALS: JSON.stringify({ ...account, credential_source: json }) }))
    const issuer = createServer((request, response) => {
      response.end(request.headers.authorization === 'bearer x' ? JSON.stringify({ value: token }) : '{}')
    })
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token`
      const source = { url, headers: { authorization: 'bearer x' }, format: json.format }
      await roundTrip(context({ GOOGLE_CREDENTIALS: JSON.stringify({ ...account, credential_source: source }) }))
      const wrong = { ...account, credential_source: { ...source, headers: {} } }
      const error = await errorOf(() => roundTrip(context({ GOOGLE_CREDENTIALS: JSON.stringify(wrong) })))
      expect(error.message).to.contain('has no field value')
    } finally {
      issuer.close()
    }
  })

  it('says what is wrong with credentials, without showing them', async () => {
    const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    const parsed = JSON.parse(credentials)
    const cases: readonly [object, RegExp][] = [
      [{ ...parsed, private_key: 'nonsense' }, /no usable private_key/],
      [{ ...parsed, client_email: undefined }, /has no client_email/],
      [{ ...parsed, client_email: 'nobody@p' }, /account not found/],
      [{ ...parsed, type: 'gdch_service_account' }, /of a type that is not supported/],
    ]
    for (const [content, message] of cases) {
      const error = await errorOf(() => roundTrip(context({ GOOGLE_CREDENTIALS: JSON.stringify(content) })))
      expect(error.code).to.equal('key_unavailable')
      expect(error.message).to.match(message).and.to.not.contain('nonsense')
    }
  })

  it('is refused by a clock that is far off', async () => {
    const { credentials } = fake.addAccount('esc@p.iam.gserviceaccount.com', allowed)
    const { network, ...rest } = context({ GOOGLE_CREDENTIALS: credentials })
    const keys = { ...rest, network: { ...network, now: () => new Date(Date.now() - 7_200_000) } }
    const error = await errorOf(() => roundTrip(keys))
    expect(error.message).to.contain('reasonable timeframe')
    expect(error.hint).to.contain('clock')
  })
})
