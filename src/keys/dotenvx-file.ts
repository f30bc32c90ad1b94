import { EscError } from '../errors.ts'

/** A private key of dotenvx, and where it was found. */
export interface DotenvxKey {
  /** `DOTENV_PRIVATE_KEY`, `DOTENV_PRIVATE_KEY_PRODUCTION`. */
  readonly name: string
  /** A file, or `the environment` for a variable. */
  readonly place: string
  /** 64 hexadecimal digits, if it is one. */
  readonly text: string
}

/** A private key that can be used. */
export interface OpenDotenvxKey extends DotenvxKey {
  /** The public half as dotenvx writes it: 66 hexadecimal digits. */
  readonly publicKey: string
  /**
   * The bytes of a value, `encrypted:…`, in the clear; `undefined` when it is for another key, or
   * changed.
   */
  decrypt(ciphertext: string): Uint8Array | undefined
}

/** True when a value of a `.env` file is one that dotenvx has encrypted. */
export function isDotenvxCiphertext(value: string): boolean {
  return /^encrypted:[A-Za-z0-9+/]/.test(value)
}

/**
 * The keys that are private keys of secp256k1. The library's own errors may repeat what it was
 * given, so they go no further.
 */
export async function openDotenvxKeys(
  keys: readonly DotenvxKey[],
): Promise<{ readonly open: readonly OpenDotenvxKey[]; readonly unusable: readonly DotenvxKey[] }> {
  const { decrypt, PrivateKey } = await import('../vendor/ecies.ts')
  const open: OpenDotenvxKey[] = []
  const unusable: DotenvxKey[] = []
  for (const key of keys) {
    if (!/^[\da-f]{64}$/i.test(key.text)) {
      unusable.push(key)
      continue
    }
    const secret = Buffer.from(key.text, 'hex')
    try {
      open.push({
        ...key,
        publicKey: new PrivateKey(secret).publicKey.toHex(),
        decrypt: (ciphertext) => opened(() => decrypt(secret, ciphertextBytes(ciphertext))),
      })
    } catch {
      // Zero, or beyond the order of the curve.
      unusable.push(key)
    }
  }
  return { open, unusable }
}

function opened(decrypt: () => Uint8Array): Uint8Array | undefined {
  try {
    return decrypt()
  } catch {
    return undefined
  }
}

function ciphertextBytes(ciphertext: string): Uint8Array {
  const base64 = ciphertext.slice('encrypted:'.length)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new EscError('invalid_input', 'it is not base64')
  return Buffer.from(base64, 'base64')
}
