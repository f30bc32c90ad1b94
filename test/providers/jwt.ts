import { createSign, createVerify, generateKeyPairSync } from 'node:crypto'

export interface RsaKey {
  readonly privatePem: string
  readonly publicPem: string
}

export function rsaKey(): RsaKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privatePem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
  }
}

/** A token that was made a moment ago and is good for five minutes. */
export function jwtOf({ privatePem }: RsaKey, claims: Readonly<Record<string, string>>): string {
  const now = Math.floor(Date.now() / 1000)
  const text = [
    { alg: 'RS256', typ: 'JWT' },
    { iat: now, exp: now + 300, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privatePem, 'base64url')}`
}

/** The claims of a token that is signed with this key. Undefined: it is not. */
export function claimsOf(token: string, { publicPem }: Pick<RsaKey, 'publicPem'>): Record<string, unknown> | undefined {
  const [head = '', payload = '', signature = ''] = token.split('.')
  const isOurs = createVerify('RSA-SHA256').update(`${head}.${payload}`).verify(publicPem, signature, 'base64url')
  return isOurs ? JSON.parse(Buffer.from(payload, 'base64url').toString()) : undefined
}
