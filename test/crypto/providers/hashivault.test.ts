import { FakeVault } from '../../fakes/vault-transit.ts'
import { type Subject, testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'

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
