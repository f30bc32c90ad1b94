import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { strictBase64 } from './base64.ts'

/** Keys of Bitwarden have 64 bytes: 32 for AES, then 32 for the MAC. */
const keyBytes = 64

/**
 * The key that decrypts what Bitwarden gives for an access token, made of the 16 bytes at its end
 * (HKDF-SHA256).
 */
export function accessTokenKey(seed: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', seed, 'bitwarden-accesstoken', 'sm-access-token', keyBytes))
}

export type Decrypted =
  | { readonly kind: 'plaintext'; readonly text: string }
  /** `type`: the number before the dot, or all of it that can be told. */
  | { readonly kind: 'unknown type'; readonly type: string }
  | { readonly kind: 'wrong key' }

/**
 * Decrypts an encrypted text of Bitwarden of type 2, `2.<iv>|<ciphertext>|<mac>` in base64:
 * AES-256-CBC, with an HMAC-SHA256 of initialization vector and ciphertext that is looked at first.
 * https://contributing.bitwarden.com/architecture/cryptography/crypto-guide
 */
export function decryptEncString(text: string, key: Uint8Array): Decrypted {
  const [, type = '', rest = ''] = /^(\d{1,3})\.(.*)$/s.exec(text) ?? []
  const [iv, ciphertext, mac, ...more] = rest.split('|').map(strictBase64)
  const isWhole = iv?.length === 16 && ciphertext !== undefined && mac?.length === 32 && more.length === 0
  if (type !== '2' || !isWhole) return { kind: 'unknown type', type: type === '2' ? '2, but not whole' : type }
  if (key.length !== keyBytes) return { kind: 'wrong key' }
  const expected = createHmac('sha256', key.subarray(32)).update(iv).update(ciphertext).digest()
  if (!timingSafeEqual(expected, mac)) return { kind: 'wrong key' }
  try {
    const cipher = createDecipheriv('aes-256-cbc', key.subarray(0, 32), iv)
    return { kind: 'plaintext', text: Buffer.concat([cipher.update(ciphertext), cipher.final()]).toString() }
  } catch {
    return { kind: 'wrong key' }
  }
}
