import { isJsonObject, type Json } from '../../json.ts'
import type { DataKey } from '../../keys/index.ts'
import { setAt } from '../../yaml/index.ts'
import type { Settings } from './settings.ts'

/**
 * What a value of the settings begins with that is encrypted under the data key: base64 follows.
 */
const prefix = 'sealed-v1:'

/**
 * Where a value stands in `settings.yaml`, such as
 * `['webhooks', 'hook-1', 'sealed']`. It opens nowhere else.
 */
export type SettingPath = readonly string[]

export function sealValue(key: DataKey, path: SettingPath, plaintext: string): string {
  return prefix + Buffer.from(key.encryptSetting(path.join('/'), plaintext)).toString('base64')
}

/** @throws EscError `tampered`. */
export function openValue(key: DataKey, path: SettingPath, sealed: string): string {
  const base64 = sealed.startsWith(prefix) ? sealed.slice(prefix.length) : ''
  return key.decryptSetting(path.join('/'), Buffer.from(base64, 'base64'))
}

/** The text of the settings with every sealed value in it encrypted under another key. */
export function resealValues(
  settings: Settings,
  { from, to }: { readonly from: DataKey; readonly to: DataKey },
): string {
  let text = settings.text
  for (const field of settings.keys()) {
    for (const { path, sealed } of sealedIn(settings.get(field), [field])) {
      const plaintext = openValue(from, path, sealed)
      const resealed = sealValue(to, path, plaintext)
      if (openValue(to, path, resealed) !== plaintext) throw new Error(`${path.join('/')} cannot be read back`)
      text = setAt(text, path, resealed)
    }
  }
  return text
}

function* sealedIn(value: Json | undefined, path: SettingPath): Generator<{ path: SettingPath; sealed: string }> {
  if (typeof value === 'string' && value.startsWith(prefix)) yield { path, sealed: value }
  if (!isJsonObject(value)) return
  for (const [key, member] of Object.entries(value)) yield* sealedIn(member, [...path, key])
}
