import { isJsonObject, type Json } from '../../json.ts'
import type { DataKey } from '../../keys/index.ts'
import { setAt } from '../../yaml/index.ts'
import type { Settings } from './settings.ts'

/**
 * The prefix of a value of the settings that is encrypted under the data key: base64 follows.
 */
const prefix = 'sealed-v1:'

/**
 * The place where a value stands in `settings.yaml`, such as
 * `['webhooks', 'hook-1', 'sealed']`. It opens nowhere else.
 */
export type SettingPath = readonly string[]

export function encryptValue(key: DataKey, path: SettingPath, plaintext: string): string {
  return prefix + Buffer.from(key.encryptSetting(path.join('/'), plaintext)).toString('base64')
}

/** @throws EscError `tampered`. */
export function decryptValue(key: DataKey, path: SettingPath, ciphertext: string): string {
  const base64 = ciphertext.startsWith(prefix) ? ciphertext.slice(prefix.length) : ''
  return key.decryptSetting(path.join('/'), Buffer.from(base64, 'base64'))
}

/** The text of the settings with every encrypted value in it encrypted under another key. */
export function reencryptValues(
  settings: Settings,
  { from, to }: { readonly from: DataKey; readonly to: DataKey },
): string {
  let text = settings.text
  for (const field of settings.keys()) {
    for (const { path, ciphertext } of ciphertextsIn(settings.get(field), [field])) {
      const plaintext = decryptValue(from, path, ciphertext)
      const reencrypted = encryptValue(to, path, plaintext)
      if (decryptValue(to, path, reencrypted) !== plaintext) throw new Error(`${path.join('/')} cannot be read back`)
      text = setAt(text, path, reencrypted)
    }
  }
  return text
}

function* ciphertextsIn(
  value: Json | undefined,
  path: SettingPath,
): Generator<{ path: SettingPath; ciphertext: string }> {
  if (typeof value === 'string' && value.startsWith(prefix)) yield { path, ciphertext: value }
  if (!isJsonObject(value)) return
  for (const [key, member] of Object.entries(value)) yield* ciphertextsIn(member, [...path, key])
}
