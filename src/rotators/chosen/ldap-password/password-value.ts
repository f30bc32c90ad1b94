import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * A value of `userPassword` as OpenLDAP stores one: `{SSHA}` and base64 of SHA-1 of password and
 * salt, then the salt. Whoever reads it in a log or a backup cannot log in with it, as long as the
 * password cannot be guessed; ours has 191 bits.
 *
 * The salt is made from the password, so that the same password always gives the same value: it can
 * be added twice without harm, and removed by a login that may write values without reading them.
 */
export function saltedValue(password: string): string {
  const salt = createHash('sha256').update(`userPassword salt\0${password}`).digest().subarray(0, 8)
  const digest = createHash('sha1').update(password, 'utf8').update(salt).digest()
  return `{SSHA}${Buffer.concat([digest, salt]).toString('base64')}`
}

const schemes: Readonly<Record<string, { readonly algorithm: string; readonly bytes: number }>> = {
  SHA: { algorithm: 'sha1', bytes: 20 },
  SSHA: { algorithm: 'sha1', bytes: 20 },
  SHA256: { algorithm: 'sha256', bytes: 32 },
  SSHA256: { algorithm: 'sha256', bytes: 32 },
  SHA384: { algorithm: 'sha384', bytes: 48 },
  SSHA384: { algorithm: 'sha384', bytes: 48 },
  SHA512: { algorithm: 'sha512', bytes: 64 },
  SSHA512: { algorithm: 'sha512', bytes: 64 },
  MD5: { algorithm: 'md5', bytes: 16 },
  SMD5: { algorithm: 'md5', bytes: 16 },
}

/**
 * True when a stored value lets this password in; undefined for a scheme that only the server
 * knows, such as `{CRYPT}`.
 */
export function isValueOf(stored: Buffer, password: string): boolean | undefined {
  const [, name, rest = ''] = /^\{([\w-]+)\}(.*)$/s.exec(stored.toString('latin1')) ?? []
  if (name === undefined) return same(stored, Buffer.from(password, 'utf8'))
  const scheme = schemes[name.toUpperCase()]
  if (scheme === undefined) return name.toUpperCase() === 'CLEARTEXT' ? rest === password : undefined
  const decoded = Buffer.from(rest, 'base64')
  const [digest, salt] = [decoded.subarray(0, scheme.bytes), decoded.subarray(scheme.bytes)]
  return same(digest, createHash(scheme.algorithm).update(password, 'utf8').update(salt).digest())
}

/** The hash scheme of a stored value, such as `{ARGON2}`; `undefined` for clear text. */
export function schemeOf(stored: Buffer): string | undefined {
  const [, name] = /^\{([\w-]+)\}/.exec(stored.toString('latin1')) ?? []
  return name === undefined || name.toUpperCase() === 'CLEARTEXT' ? undefined : `{${name.toUpperCase()}}`
}

function same(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
