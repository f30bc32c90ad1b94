import { vaultLoginProvider } from '../../src/providers/vault-login.ts'
import { secret } from '../../src/secret.ts'
import type { Fault, ProviderUnderTest } from './provider-under-test.ts'

export const underTest: ProviderUnderTest = {
  make: vaultLoginProvider,
  inputs: (address) => ({ address, namespace: 'team', approle: { roleId: 'role-1', secretId: secret('secret-id-1') } }),
  opens: (address) => ({ address, token: secret('token-of-role-1'), namespace: 'team' }),
  lasts: '2026-03-04T07:06:07.000Z',
  refused: [
    [{ address: 'https://vault.example.org', jwt: {} }, /role/],
    [{ address: 'https://vault.example.org/ui', token: { token: secret('given-token') } }, /is not that of a server/],
    [{ address: 'http://vault.example.org', token: { token: secret('given-token') } }, /is not that of a server/],
    [{ address: 'https://127.0.0.1', jwt: { role: 'x', mount: '../sys' } }, /is not a path of Vault/],
    [{ address: 'https://127.0.0.1', token: { token: secret('given-token'), maxTtl: '' } }, /`maxTtl`/],
  ],
  vendor: {
    named: true,
    answer({ method, path, headers, json }) {
      if (method !== 'POST' || path !== '/v1/auth/approle/login' || headers['x-vault-namespace'] !== 'team')
        return { status: 404, body: { errors: [] } }
      const { role_id, secret_id } = json as Record<string, string>
      if (role_id !== 'role-1' || secret_id !== 'secret-id-1')
        return fault({ status: 400, code: '', text: 'invalid role or secret ID' })
      return {
        status: 200,
        body: { auth: { client_token: 'token-of-role-1', policies: ['default'], lease_duration: 7200 } },
      }
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'permission denied', hint: /may log in/ },
    expired: { status: 400, code: 'HTTP 400', text: 'error validating token: token is expired', hint: /role/ },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { errors: [text] } }
}
