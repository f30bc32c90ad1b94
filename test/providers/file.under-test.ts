import { file } from '../../src/providers/file.ts'
import { secret } from '../../src/secret.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

const files: Readonly<Record<string, Uint8Array>> = {
  'banner.txt': Buffer.from('welcome\n'),
  '~/key.bin': Uint8Array.of(0, 255, 254),
}

export const underTest: ProviderUnderTest = {
  make: () => file as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => ({ get: { banner: { path: 'banner.txt' }, key: { path: '~/key.bin', encoding: 'base64' } } }),
  machine: { file: async (path) => files[path] as Uint8Array },
  opens: { banner: secret('welcome\n'), key: secret('AP/+') },
  refused: [
    [{ get: { a: { path: '' } } }, /path/],
    [{ get: { a: { path: 'x', encoding: 'latin1' } } }, /encoding/],
    [{ get: { a: { path: '~/key.bin' } } }, /is not text/],
  ],
}
