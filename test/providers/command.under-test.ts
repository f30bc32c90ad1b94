import { command } from '../../src/providers/command.ts'
import { secret } from '../../src/secret.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

export const underTest: ProviderUnderTest = {
  make: () => command as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => ({ command: ['pass', 'show', 'shop'], input: secret('master-password'), timeout: '5s' }),
  machine: {
    command: async (words, { input, timeoutMs }) => `${words.join(' ')} with ${input} within ${timeoutMs}`,
  },
  opens: secret('pass show shop with master-password within 5000'),
  refused: [
    [{ command: [] }, /command/],
    [{ command: 'pass show shop' }, /command/],
    [{ command: ['pass'], timeout: '11m' }, /timeout/],
  ],
}
