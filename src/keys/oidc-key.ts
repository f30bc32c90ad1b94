import { createSign, type KeyObject } from 'node:crypto'
import {
  existingKey,
  loadKey,
  nextKey,
  type OidcKeyContext,
  publicKey,
  type RsaPublicKey,
  thumbprint,
} from './oidc-key-file.ts'
import { retiredKeys } from './oidc-key-rotation.ts'

/** A signer of JSON Web Tokens. */
export interface OidcKey {
  /**
   * As the configuration says, else the RFC 9278 name of the key:
   * `urn:ietf:params:oauth:jwk-thumbprint:sha-256:…`.
   */
  readonly issuer: string
  /**
   * Throws where `sign` would be refused, before anything is begun. A key that does not exist
   * yet is not made for that.
   */
  authorize(): Promise<void>
  /** A compact JWT, RS256, of these claims and `iss`. */
  sign(claims: Readonly<Record<string, string | number>>): Promise<string>
}

/**
 * The public half (RFC 7517), and the JSON document that is served at
 * `<issuer>/.well-known/jwks.json`.
 */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, string>>[]
}

/**
 * The key that requests to adapters are signed with: `ESC_OIDC_KEY` (PEM), else `oidc.key` in the
 * configuration folder, PEM with mode 0600, which is made when it is first needed.
 */
export function oidcKey(context: OidcKeyContext, options: { readonly issuer?: string } = {}): OidcKey {
  let loaded: KeyObject | undefined
  const privateKey = () => {
    loaded ??= loadKey(context)
    return loaded
  }
  /** Returns the thumbprint of the key. */
  const allow = async (key: KeyObject) => {
    const kid = thumbprint(publicKey(key))
    await context.allow?.({ thumbprint: kid, from: context.env.ESC_OIDC_KEY ? 'variable' : 'file' })
    return kid
  }
  const issuer = () =>
    options.issuer ?? `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint(publicKey(privateKey()))}`
  return {
    get issuer() {
      return issuer()
    },
    async authorize() {
      loaded ??= existingKey(context)
      if (loaded !== undefined) await allow(loaded)
    },
    async sign(claims) {
      const key = privateKey()
      const kid = await allow(key)
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const header = { alg: 'RS256', typ: 'JWT', kid }
      const text = `${part(header)}.${part({ iss: issuer(), ...claims })}`
      return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`
    },
  }
}

/**
 * The keys that verify signatures: the key that signs, which is made where there is none; the one
 * that is to sign next; and those whose tokens have not run out at `now`.
 */
export function oidcKeySet(context: OidcKeyContext, now: Date): JsonWebKeySet {
  const next = nextKey(context)
  const keys: RsaPublicKey[] = [publicKey(loadKey(context)), ...(next === undefined ? [] : [publicKey(next)])]
  const byThumbprint = new Map([...keys, ...retiredKeys(context, now)].map((key) => [thumbprint(key), key]))
  return {
    keys: [...byThumbprint].map(([kid, { n, e }]) => ({ kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e })),
  }
}
