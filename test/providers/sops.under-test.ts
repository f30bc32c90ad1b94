import { sops } from '../../src/providers/sops.ts'
import { secret } from '../../src/secret.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

export const underTest: ProviderUnderTest = {
  make: () => sops as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => ({ path: 'secrets.yaml' }),
  machine: { sops: async () => ({ user: 'shop', password: secret('swordfish') }) },
  opens: { user: 'shop', password: secret('swordfish') },
  refused: [
    [{ path: '' }, /path/],
    [{}, /path/],
  ],
}
