import { test } from '../../src/providers/test.ts'
import { secret } from '../../src/secret.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

const inputs = { host: 'db.example.com', password: secret('hunter2'), ports: [5432, null] }

export const underTest: ProviderUnderTest = {
  make: () => test as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => inputs,
  opens: { host: secret('db.example.com'), password: secret('hunter2'), ports: [secret(5432), secret(null)] },
  lasts: 'always',
  refused: [],
}
