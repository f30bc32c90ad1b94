import { createHash } from 'node:crypto'

/**
 * MariaDB's plugin `ed25519` (https://mariadb.com/kb/en/authentication-plugin-ed25519/): the
 * private key is the SHA-512 of the password, which may have any length, so neither Node nor RFC
 * 8032 take it for a key. Otherwise the signature is as there.
 */

/** The signature of what the server has sent, 64 bytes. */
export async function signEd25519(password: string, message: Uint8Array): Promise<Buffer> {
  // The driver may leave the zero byte that ends the data.
  const nonce = message.subarray(0, 32)
  const { Point, Fn, scalar, prefix, publicKey } = await keyOf(password)
  const r = Fn.create(numberOf(sha512(prefix, nonce)))
  const R = Point.BASE.multiply(r).toBytes()
  const k = Fn.create(numberOf(sha512(R, publicKey, nonce)))
  return Buffer.concat([R, littleEndian(Fn.add(r, Fn.mul(k, scalar)))])
}

/** The form in which the server keeps a password: the public key, base64 without padding. */
export async function ed25519PublicKey(password: string): Promise<string> {
  return Buffer.from((await keyOf(password)).publicKey)
    .toString('base64')
    .replace(/=+$/, '')
}

async function keyOf(password: string) {
  const { ed25519 } = await import('../../vendor/ed25519.ts')
  const { Point } = ed25519
  const { Fn } = Point
  const digest = sha512(Buffer.from(password, 'utf8'))
  const head = Buffer.from(digest.subarray(0, 32))
  head[0] = (head[0] ?? 0) & 248
  head[31] = ((head[31] ?? 0) & 63) | 64
  // Modulo the order of the base point, which changes none of its multiples.
  const scalar = Fn.create(numberOf(head))
  return { Point, Fn, scalar, prefix: digest.subarray(32), publicKey: Point.BASE.multiply(scalar).toBytes() }
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function littleEndian(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse()
}
