import { env } from '../../src/providers/env.ts'
import { secret } from '../../src/secret.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

export const underTest: ProviderUnderTest = {
  make: () => env as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => ({ get: { url: { name: 'DATABASE_URL' }, region: { name: 'REGION', default: 'eu-west-1' } } }),
  machine: { variable: async (name) => (name === 'DATABASE_URL' ? 'postgres://shop:hunter2@db' : undefined) },
  opens: { url: secret('postgres://shop:hunter2@db'), region: secret('eu-west-1') },
  refused: [
    [{ get: {} }, /get/],
    [{ get: { a: { name: 'no name' } } }, /name/],
    [{ get: { a: { name: 'NOT_SET' } } }, /`get.a`: the variable NOT_SET is not set/],
  ],
}
