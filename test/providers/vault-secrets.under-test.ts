import { vaultSecretsProvider } from '../../src/providers/vault-secrets.ts'
import { secret } from '../../src/secret.ts'
import type { Fault, ProviderUnderTest } from './provider-under-test.ts'

const login = (address: string) => ({ address, token: secret('token-for-shop') })
const versioned = { data: { user: 'shop', password: 'swordfish-of-shop' }, metadata: { version: 3, deletion_time: '' } }
const kept: Readonly<Record<string, unknown>> = {
  '/v1/kv/shop': { user: 'shop', password: 'swordfish-of-shop' },
  '/v1/secret/data/shop': versioned,
}

export const underTest: ProviderUnderTest = {
  make: vaultSecretsProvider,
  inputs: (address) => ({
    login: login(address),
    read: {
      old: { path: 'kv/shop' },
      all: { path: 'secret/data/shop' },
      password: { path: '/secret/data/shop', field: 'password' },
    },
  }),
  opens: {
    old: secret({ user: 'shop', password: 'swordfish-of-shop' }),
    all: secret(versioned),
    password: secret('swordfish-of-shop'),
  },
  refused: [
    [{ login: login('https://127.0.0.1'), read: { x: {} } }, /read.*path/],
    [{ login: login('https://127.0.0.1'), read: { x: { path: 'secret/../sys' } } }, /is not a path of Vault/],
  ],
  vendor: {
    named: true,
    entries: 3,
    answer({ method, path, headers }) {
      if (method !== 'GET' || headers['x-vault-token'] !== 'token-for-shop')
        return fault({ status: 403, code: '', text: 'permission denied' })
      const data = kept[path]
      return data === undefined ? { status: 404, body: { errors: [] } } : { status: 200, body: { data } }
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'permission denied', hint: /policy/ },
    expired: { status: 403, code: 'HTTP 403', text: 'permission denied; invalid token', hint: /valid/ },
    missing: {
      inputs: (address) => ({
        login: login(address),
        read: { fine: { path: 'kv/shop' }, gone: { path: 'kv/nobody' } },
      }),
      says: /`read\.gone`: reading kv\/nobody failed: HTTP 404: nothing is there/,
    },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { errors: [text] } }
}
