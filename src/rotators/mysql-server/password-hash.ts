import { createHash } from 'node:crypto'

/**
 * Returns the form in which `mysql_native_password` stores a password: `*` and SHA-1 of SHA-1, in
 * upper-case hexadecimal. Who reads it in a log cannot log in with it, as long as the password
 * cannot be guessed; ours has 191 bits.
 */
export function nativePasswordHash(password: string): string {
  const once = createHash('sha1').update(password, 'utf8').digest()
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
}
