import { createHash, timingSafeEqual } from 'node:crypto'
import { EscError } from '../errors.ts'
import { type KeyOwner, wrappedKeyText } from './data-key.ts'

const keyBytes = 32

/**
 * Returns the bytes to wrap where a vendor's cipher takes no associated data: the data key, and
 * SHA-256 over the environment's id. The cipher itself keeps the two together.
 */
export function bindKey(dataKey: Uint8Array, owner: KeyOwner): Uint8Array {
  return Buffer.concat([dataKey, binding(owner)])
}

/**
 * The data key. @throws EscError `tampered` when it was bound to another
 * environment, or is no bound key.
 */
export function unbindKey(bytes: Uint8Array, owner: KeyOwner): Uint8Array {
  const bound = bytes.subarray(keyBytes)
  const expected = binding(owner)
  if (bound.length !== expected.length || !timingSafeEqual(bound, expected)) throw changedKey(owner)
  return Uint8Array.from(bytes.subarray(0, keyBytes))
}

/** For ciphers that bind the id themselves: checks the size. */
export function exactKey(bytes: Uint8Array, owner: KeyOwner): Uint8Array {
  if (bytes.length !== keyBytes) throw changedKey(owner)
  return Uint8Array.from(bytes)
}

export function malformedWrapping(owner: KeyOwner): EscError {
  return new EscError('store_damaged', `${wrappedKeyText(owner)} is malformed`, {
    hint: 'restore secretsProvider and wrappedDataKey in its settings.yaml from the git history',
  })
}

export function changedKey(owner: KeyOwner): EscError {
  return new EscError('tampered', `${wrappedKeyText(owner)} was changed, or belongs to another environment`, {
    hint: 'restore id and wrappedDataKey in its settings.yaml from the git history',
  })
}

function binding(owner: KeyOwner): Uint8Array {
  return createHash('sha256').update(`esc data key v1\0${owner.id}`).digest()
}
