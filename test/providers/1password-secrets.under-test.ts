import { onePasswordSecrets } from '../../src/providers/1password-secrets.ts'
import { secret } from '../../src/secret.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

const login = { serviceAccountToken: secret('ops_token-of-the-account') }

export const underTest: ProviderUnderTest = {
  make: () => onePasswordSecrets as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => ({ login, get: { key: { ref: 'op://shop/api/key' } } }),
  machine: { onePassword: async (ref, { token, doing }) => `${ref} with ${token}: ${doing}` },
  opens: {
    key: secret(
      'op://shop/api/key with ops_token-of-the-account: 1password-secrets: `get.key`: reading op://shop/api/key',
    ),
  },
  refused: [
    [{ login, get: { key: { ref: '--account=evil' } } }, /ref/],
    [{ login: {}, get: { key: { ref: 'op://shop/api/key' } } }, /serviceAccountToken/],
  ],
}
