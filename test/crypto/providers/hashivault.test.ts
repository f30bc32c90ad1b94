import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { DataKey, openSecretsProvider } from '../../../src/crypto/index.ts'
import { FakeVault } from '../../fakes/vault-transit.ts'
import { errorOf } from '../../store/worlds.ts'
import { type Subject, testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'
import { contextOf } from '../setup.ts'

testSecretsProvider({
  kind: 'hashivault',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeVault({ namespace: 'team-a', mount: 'keys/transit' }).start()
    const key = fake.addKey('app')
    fake.addKey('other')
    const token = fake.addToken('encrypt/app', 'decrypt/app', 'encrypt/other', 'decrypt/other', 'encrypt/none')
    const weak = fake.addToken('encrypt/app')
    const env = { VAULT_ADDR: `${fake.url}/`, VAULT_TOKEN: token, VAULT_NAMESPACE: 'team-a' }
    const setup = (more: Record<string, string>): Setup => ({ env: { ...env, ...more }, configFolder: folder })
    const url = 'hashivault://app?engine=keys/transit'
    const subject: Subject = {
      url,
      setup: setup({}),
      other: { url: 'hashivault://other?engine=keys/transit', message: /message authentication failed/ },
      secrets: () => [...fake.tokens.keys(), 'hvs.unknown-token'],
      fake,
      rotate: () => fake.rotate('app'),
      failures: {
        'no permission': {
          setup: setup({ VAULT_TOKEN: weak }),
          ...unavailable,
          message: /with Vault key keys\/transit\/app: HTTP 403: .*permission denied/,
        },
        'an unknown token': { setup: setup({ VAULT_TOKEN: 'hvs.unknown-token' }), ...unavailable, message: /HTTP 403/ },
        'another namespace': { setup: setup({ VAULT_NAMESPACE: '' }), ...unavailable, message: /HTTP 403/ },
        'another mount': { url: 'hashivault://app', ...unavailable, message: /HTTP 404: no handler for route/ },
        'no address': {
          setup: setup({ VAULT_ADDR: '' }),
          ...unavailable,
          message: /neither VAULT_SERVER_URL nor VAULT_ADDR/,
        },
        'a bad address': {
          setup: setup({ VAULT_SERVER_URL: 'vault:8200' }),
          ...unavailable,
          message: /VAULT_SERVER_URL is not the http\(s\) address/,
        },
        'no token': {
          setup: setup({ VAULT_TOKEN: '' }),
          ...unavailable,
          message: /neither VAULT_SERVER_TOKEN nor VAULT_TOKEN/,
        },
        'no such key': {
          url: 'hashivault://none?engine=keys/transit',
          action: 'wrap',
          ...unavailable,
          message: /encryption key not found/,
        },
        'a version that may not decrypt any more': {
          cause: () => {
            fake.rotate('app')
            key.minDecryptionVersion = 2
          },
          ...unavailable,
          message: /too old/,
        },
        'a sealed server': {
          cause: () => {
            fake.sealed = true
          },
          ...unavailable,
          message: /HTTP 503: Vault is sealed/,
        },
      },
    }
    return subject
  },
})

describe('a key of Vault', () => {
  const owner = { id: 'environment-1', name: 'rotators/ci' }
  const dataKey = DataKey.generate(owner).revealBytes()
  let fake: FakeVault
  let token: string
  beforeEach(async () => {
    fake = await new FakeVault().start()
    fake.addKey('app')
    token = fake.addToken('encrypt/app', 'decrypt/app')
  })
  afterEach(() => fake.stop())

  async function roundTrip(env: Record<string, string>): Promise<string> {
    const provider = await openSecretsProvider('hashivault://app', contextOf({ env, configFolder: '/nowhere' }), owner)
    const wrapped = await provider.wrapKey(dataKey)
    expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    return wrapped
  }

  it('is reached by VAULT_SERVER_URL and VAULT_SERVER_TOKEN, before VAULT_ADDR and VAULT_TOKEN', async () => {
    await roundTrip({ VAULT_ADDR: fake.url, VAULT_TOKEN: token })
    const others = { VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 'other' }
    await roundTrip({ ...others, VAULT_SERVER_URL: fake.url, VAULT_SERVER_TOKEN: token })
  })

  it('keeps the version of the key in what is wrapped', async () => {
    const env = { VAULT_ADDR: fake.url, VAULT_TOKEN: token }
    expect(await roundTrip(env)).to.match(/^v1:hashivault:vault:v1:/)
    fake.rotate('app')
    expect(await roundTrip(env)).to.match(/^v1:hashivault:vault:v2:/)
  })

  it('is not followed to another server, which would get the token', async () => {
    const standby = createServer((_request, response) => {
      response.writeHead(307, { location: `${fake.url}/v1/transit/encrypt/app` }).end()
    })
    await new Promise<void>((resolve) => standby.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(standby.address() as AddressInfo).port}`
      const error = await errorOf(() => roundTrip({ VAULT_ADDR: url, VAULT_TOKEN: token }))
      expect(error.message).to.contain('HTTP 307: the server refers to another one')
      expect(fake.requests).to.deep.equal([])
    } finally {
      standby.close()
    }
  })
})
