import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

/** DER of an Ed25519 private key (PKCS #8, RFC 8410) up to its 32 bytes. */
const privateKeyStart = Buffer.from('302e020100300506032b657004220420', 'hex')
/** DER of an Ed25519 public key up to its 32 bytes. */
const publicKeyStart = Buffer.from('302a300506032b6570032100', 'hex')

/** The public key that verifies what `signChange` makes of the same seed: base64url of 32 bytes. */
export function signerOf(seed: Uint8Array): string {
  const publicKey = createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' })
  return publicKey.subarray(publicKeyStart.length).toString('base64url')
}

/**
 * Ed25519 (RFC 8032) over a change of the key of an environment, under the private key that 32
 * random bytes stand for. 64 bytes. Bound to the environment's id.
 */
export function signChange(seed: Uint8Array, id: string, change: Uint8Array): Uint8Array {
  return sign(null, changeOf(id, change), privateKeyOf(seed))
}

/** False also for what is no public key or no signature. */
export function verifyChange(signer: string, id: string, change: Uint8Array, signature: Uint8Array): boolean {
  const raw = Buffer.from(signer, 'base64url')
  if (raw.length !== 32) return false
  try {
    const key = createPublicKey({ key: Buffer.concat([publicKeyStart, raw]), format: 'der', type: 'spki' })
    return verify(null, changeOf(id, change), key, signature)
  } catch {
    return false
  }
}

function changeOf(id: string, change: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`esc key change v1\0${id}\0`), change])
}

function privateKeyOf(seed: Uint8Array) {
  return createPrivateKey({ key: Buffer.concat([privateKeyStart, seed]), format: 'der', type: 'pkcs8' })
}
