import { createHash, createPrivateKey, createPublicKey, createSign, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { type Secret, secret } from '../../../secret.ts'

export interface KeyPair {
  readonly privateKey: KeyObject
  /**
   * Base64 of the SubjectPublicKeyInfo, without header, footer or line
   * breaks: what ALTER USER takes.
   */
  readonly publicText: string
  /** `SHA256:` and the base64 of the SHA-256 of the SubjectPublicKeyInfo, as DESC USER shows it. */
  readonly fingerprint: string
}

/** A new RSA-2048 private key as PEM (PKCS #8). */
export async function newPrivateKey(): Promise<Secret<string>> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
}

/** `undefined` when the text is no RSA private key, or is encrypted. */
export function readKeyPair(pem: Secret<string>): KeyPair | undefined {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem.reveal())
  } catch {
    return undefined
  }
  if (privateKey.asymmetricKeyType !== 'rsa') return undefined
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return {
    privateKey,
    publicText: der.toString('base64'),
    fingerprint: `SHA256:${createHash('sha256').update(der).digest('base64')}`,
  }
}

export interface JwtSubject {
  readonly account: string
  readonly user: string
  readonly now: Date
}

/**
 * The token of key-pair authentication. Account and user in upper case; of a locator the region
 * and cloud, which follow its first dot, are left out, while organisation and account are
 * joined by a hyphen already.
 */
export function signJwt({ privateKey, fingerprint }: KeyPair, { account, user, now }: JwtSubject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const sub = `${(account.split('.', 1)[0] ?? '').toUpperCase()}.${user.toUpperCase()}`
  const iat = Math.floor(now.getTime() / 1000)
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: `${sub}.${fingerprint}`, sub, iat, exp: iat + 600 })}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`
}
