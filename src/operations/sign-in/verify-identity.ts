import { EscError, messageOf } from '../../errors.ts'
import type { JWTPayload } from '../../vendor/oidc.ts'
import { storeOperation, type Work } from '../session/operation.ts'
import { checkWords } from '../tokens/token-words.ts'
import { requirePowers } from '../trust/require-powers.ts'
import { claimText, filledIn, fits } from './claims.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { type GrantedAccess, serverSettings, type TrustedIssuer, voucherOf } from './server-settings.ts'

/** Somebody whose identity was shown, and what they get. */
export interface ShownIdentity extends GrantedAccess {
  readonly kind: 'shown'
  /** The principal. */
  readonly user: string
  readonly issuer: string
  readonly subject: string
}

/** An identity that was not taken. */
export interface RefusedIdentity {
  readonly kind: 'refused'
  /** The error of RFC 6749. */
  readonly error: 'invalid_grant' | 'invalid_target' | 'temporarily_unavailable'
  /** The reason, for whoever has asked. No secrets. */
  readonly message: string
}

/** Signatures of key pairs. A shared secret is none of ours, and `none` is no signature. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
/** Clocks may differ by so much. */
const skewSeconds = 60
const longestToken = 16_384

/**
 * Finds out whom an identity token is about, by the issuers in `server: {issuers}` of `esc.yaml`. A
 * refusal is in the audit log. Throws EscError `untrusted` for issuers that this machine has not
 * allowed.
 */
export const verifyIdentity = storeOperation({
  name: 'verify-identity',
  level: undefined,
  audit: 'token-exchanged',
  changes: false,
  async run(
    work,
    { token, keys }: { readonly token: string; readonly keys: IssuerKeys },
  ): Promise<ShownIdentity | RefusedIdentity> {
    const identity = await shownBy(work, token, keys)
    if (identity.kind === 'refused') {
      const { error, message } = identity
      work.audit.denied('token-exchanged', '*', { error, reason: message.slice(0, 500) })
    }
    return identity
  },
})

async function shownBy(work: Work, token: string, keys: IssuerKeys): Promise<ShownIdentity | RefusedIdentity> {
  const { issuers } = serverSettings(work.store)
  if (issuers.length === 0)
    return refused('this server trusts no issuer of identity tokens: ask its keeper for a token')
  const { decodeJwt } = await import('../../vendor/oidc.ts')
  let said: string | undefined
  try {
    if (token.length <= longestToken) said = claimText(decodeJwt(token), 'iss')
  } catch {}
  if (said === undefined) return refused('the subject token is not a JSON Web Token with an issuer')
  const named = issuers.filter(({ url }) => url === said)
  const [first] = named
  if (first === undefined) return refused(`this server does not trust the issuer ${quote(said)}`)
  await requirePowers(
    work,
    named.map((issuer) => ({ kind: 'identityIssuer', value: voucherOf(issuer) })),
  )
  let why: RefusedIdentity | undefined
  for (const issuer of named) {
    const verified = await claimsOf(work, { token, issuer, keys })
    const identity = 'kind' in verified ? verified : taken(issuer, verified.claims)
    if (identity.kind === 'shown') return identity
    why ??= identity
  }
  return why as RefusedIdentity
}

async function claimsOf(
  work: Work,
  { token, issuer, keys }: { readonly token: string; readonly issuer: TrustedIssuer; readonly keys: IssuerKeys },
): Promise<{ readonly claims: JWTPayload } | RefusedIdentity> {
  const { jwtVerify, joseErrors } = await import('../../vendor/oidc.ts')
  try {
    const { payload } = await jwtVerify(token, await keys.of(work, issuer), {
      issuer: issuer.url,
      algorithms: [...algorithms],
      clockTolerance: skewSeconds,
      currentDate: work.host.now(),
      requiredClaims: ['exp', 'sub', 'aud'],
    })
    return { claims: payload }
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired) return refused('the identity token has expired')
    if (error instanceof joseErrors.JWTClaimValidationFailed)
      return refused(`the claim ${quote(error.claim)} of the identity token is missing, or cannot be accepted`)
    if (error instanceof joseErrors.JOSEAlgNotAllowed)
      return refused('the identity token is signed in a way that is not accepted')
    if (error instanceof joseErrors.JWKSTimeout) return unavailable(issuer, 'timeout')
    if (error instanceof joseErrors.JOSEError && isAboutToken(error.code))
      return refused('the signature of the identity token cannot be verified')
    if (error instanceof EscError && error.code === 'untrusted') throw error
    return unavailable(issuer, messageOf(error))
  }
}

/** False for what is about the keys of the issuer, or the way to them. */
function isAboutToken(code: string): boolean {
  return /^ERR_(?:JW[ST]_|JOSE_NOT_SUPPORTED$|JWKS_(?:NO|MULTIPLE)_MATCHING_KEY)/.test(code)
}

function unavailable({ url }: TrustedIssuer, why: string): RefusedIdentity {
  const message = `the keys of ${url} cannot be had: ${why}`
  return { kind: 'refused', error: 'temporarily_unavailable', message }
}

/** Checks the claims of a token whose signature is right, and tells whom it means. */
function taken(issuer: TrustedIssuer, claims: JWTPayload): ShownIdentity | RefusedIdentity {
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? [])
  if (!audiences.includes(issuer.audience)) {
    const message = `the identity token is for ${audiences.map(quote).join(', ')}, and not for ${quote(issuer.audience)}`
    return { kind: 'refused', error: 'invalid_target', message }
  }
  const subject = claimText(claims, 'sub') ?? ''
  if (!issuer.subjects.some((pattern) => fits(pattern, subject)))
    return refused(`this server takes no token of the subject ${quote(subject)}`)
  for (const [name, pattern] of Object.entries(issuer.claims)) {
    const value = claimText(claims, name)
    if (value === undefined || !fits(pattern, value))
      return refused(`the claim ${quote(name)} is not what this server asks for`)
  }
  const user = filledIn(issuer.user, claims)
  if (user === undefined) return refused('the identity token lacks a claim that its user is named by')
  try {
    checkWords('user', user)
  } catch {
    return refused(`${quote(user)} cannot be the name of a user`)
  }
  const { level, environments, lifetimeSeconds } = issuer
  return { kind: 'shown', user, issuer: issuer.url, subject, level, environments, lifetimeSeconds }
}

function refused(message: string): RefusedIdentity {
  return { kind: 'refused', error: 'invalid_grant', message }
}

/** A text of somebody else, short and in quotes. */
function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}
