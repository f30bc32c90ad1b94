import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

export interface ScramOptions {
  /** 16 random bytes. */
  readonly salt: Uint8Array
  /** PostgreSQL's default. */
  readonly iterations?: number
}

/**
 * Returns the form in which PostgreSQL stores a password (RFC 5803, RFC 7677), as text it takes in
 * place of the password itself: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, binary
 * parts in base64. Whoever reads it in a log of statements cannot log in with it.
 */
export function scramVerifier(password: string, { salt, iterations = 4096 }: ScramOptions): string {
  const saltedPassword = pbkdf2Sync(saslPrep(password), salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(hmac(saltedPassword, 'Client Key')).digest('base64')
  const serverKey = hmac(saltedPassword, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

// RFC 3454 tables C.1.2 and B.1, then what of C.2 to C.9 can be told without
// the tables of Unicode 3.2.
const spaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
const mappedToNothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g
const prohibited =
  /\u0340|\u0341|[\p{Cc}\p{Cs}\p{Co}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd]/u

/**
 * RFC 4013. As PostgreSQL does, a password that may not be prepared, or of which nothing
 * is left, is used as it is.
 */
export function saslPrep(password: string): string {
  if (/^[\x00-\x7f]*$/.test(password)) return password
  const prepared = password.replace(spaces, ' ').replace(mappedToNothing, '').normalize('NFKC')
  return prepared === '' || prohibited.test(prepared) ? password : prepared
}
