import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * AES-256-GCM under a key-encryption key: base64 of nonce (12) + ciphertext (32) + tag (16).
 * `bound` is associated data.
 */
export function wrap(keyEncryptionKey: Uint8Array, dataKey: Uint8Array, bound: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyEncryptionKey, nonce)
  cipher.setAAD(Buffer.from(bound))
  return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** `undefined` for the wrong key, or changed text. */
export function unwrap(keyEncryptionKey: Uint8Array, wrapped: string, bound: string): Uint8Array | undefined {
  const bytes = exactBytes(wrapped)
  if (bytes === undefined || bytes.length < 28) return undefined
  const end = bytes.length - 16
  const decipher = createDecipheriv('aes-256-gcm', keyEncryptionKey, bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(bound))
  decipher.setAuthTag(bytes.subarray(end))
  const unwrapped = decipher.update(bytes.subarray(12, end))
  try {
    // Nothing comes with it in this mode: it only compares the tags.
    decipher.final()
  } catch {
    return undefined
  }
  return unwrapped
}

/**
 * The bytes of a base64 text. `undefined` for another text than those bytes have: the last
 * character may hold bits that say nothing, so several texts would pass for one.
 */
export function exactBytes(text: string, encoding: 'base64' | 'base64url' = 'base64'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding)
  return bytes.toString(encoding) === text ? bytes : undefined
}
