import { azureSecretsProvider } from '../../src/providers/azure-secrets.ts'
import { secret } from '../../src/secret.ts'
import { bearer, type Fault, type ProviderUnderTest } from './provider-under-test.ts'

const login = { clientId: 'client-1', tenantId: 'tenant-1', clientSecret: secret('secret-of-client-1') }
const kept: Readonly<Record<string, string>> = {
  '/secrets/db': 'password-of-db',
  '/secrets/db/0123456789abcdef': 'password-before',
}

export const underTest: ProviderUnderTest = {
  make: azureSecretsProvider,
  inputs: () => ({
    login,
    vault: 'shop-vault',
    get: { db: { name: 'db' }, before: { name: 'db', version: '0123456789abcdef' } },
  }),
  opens: { db: secret('password-of-db'), before: secret('password-before') },
  refused: [
    [{ login, vault: 'evil.example/', get: { x: { name: 'db' } } }, /vault/],
    [{ login, vault: 'v', get: { x: { name: 'a/b' } } }, /get\.x\.name/],
    [
      { login: { clientId: 'c', tenantId: 't' }, vault: 'v', get: { x: { name: 'db' } } },
      /neither clientSecret nor oidc/,
    ],
    [{ login: { ...login, tenantId: 'a/../b' }, vault: 'v', get: { x: { name: 'db' } } }, /tenantId/],
  ],
  vendor: {
    answer(request) {
      const { method, host, path, query, body } = request
      if (host === 'login.microsoftonline.com') {
        const form = new URLSearchParams(body)
        const wanted = {
          grant_type: 'client_credentials',
          scope: 'https://vault.azure.net/.default',
          client_id: 'client-1',
          client_secret: 'secret-of-client-1',
        }
        const right = Object.entries(wanted).every(([name, value]) => form.get(name) === value)
        if (method !== 'POST' || path !== '/tenant-1/oauth2/v2.0/token' || !right)
          return { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215' } }
        return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: 'token-for-vault' } }
      }
      if (host !== 'shop-vault.vault.azure.net' || query.get('api-version') !== '7.4')
        return fault({ status: 400, code: 'BadParameter', text: host })
      if (bearer(request) !== 'token-for-vault') return fault({ status: 401, code: 'Unauthorized', text: 'no token' })
      const value = kept[path]
      if (value === undefined)
        return fault({ status: 404, code: 'SecretNotFound', text: `A secret was not found: ${path}` })
      return { status: 200, body: { value, id: `https://${host}${path}` } }
    },
    fault,
    denied: { status: 403, code: 'Forbidden', text: 'Caller is not authorized', hint: /Key Vault Secrets User/ },
    expired: { status: 401, code: 'invalid_client', text: 'AADSTS7000222: expired', hint: /expired/ },
    missing: {
      inputs: () => ({ login, vault: 'shop-vault', get: { fine: { name: 'db' }, gone: { name: 'bd' } } }),
      says: /^azure-secrets: `get\.gone`: reading bd of vault shop-vault failed: SecretNotFound/,
    },
  },
}

function fault({ status, code, text }: Fault) {
  return { status, body: { error: { code, message: text } } }
}
