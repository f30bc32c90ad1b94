import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { decryptDefinition, encryptDefinition } from '../../src/language/encrypt.ts'
import { decode } from '../../src/yaml/index.ts'
import { dataOf, missingComments } from './definition-data.ts'
import { type CaseResult, outcomeOf } from './result.ts'

/**
 * Replays recorded encryptions: pairs of `<base>.plaintext.yaml` and `<base>.ciphertext.yaml`, both
 * ways, with the recorded cases' cipher, which adds 128 to every byte. Compared as data, with every
 * comment kept.
 */
export async function replay(directory: string): Promise<CaseResult[]> {
  const suffix = '.plaintext.yaml'
  const bases = (await readdir(directory))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
  return Promise.all(bases.map((name) => outcomeOf('crypt', name, () => check(directory, name))))
}

async function check(directory: string, name: string): Promise<string | undefined> {
  const plaintext = await readFile(join(directory, `${name}.plaintext.yaml`), 'utf8')
  const ciphertext = await readFile(join(directory, `${name}.ciphertext.yaml`), 'utf8')
  const encrypted = encryptDefinition(name, plaintext, (text) => rot128(new TextEncoder().encode(text)))
  const decrypted = decryptDefinition(name, encrypted, (bytes) => new TextDecoder().decode(rot128(bytes)))
  return difference(name, encrypted, ciphertext) ?? difference(name, decrypted, plaintext)
}

function difference(name: string, actual: string, expected: string): string | undefined {
  if (!isDeepStrictEqual(dataOf(decode(name, actual).node), dataOf(decode(name, expected).node))) {
    return `the data differs:\n${actual}`
  }
  const missing = missingComments(actual, expected)
  return missing.length === 0 ? undefined : `comments are gone: ${missing.join(', ')}`
}

function rot128(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte + 128) % 256)
}
