import { EscError } from '../../errors.ts'
import { operation } from '../session/operation.ts'
import { claimsOf, identityToken } from './identity-token.ts'

interface TokenOrder {
  /** The same as that of `IdentityTokenRequest`. */
  readonly audience: string | undefined
  readonly subjectAttributes: readonly string[]
  readonly version: 'v2' | undefined
}

/** A token, and what it says. */
export interface IssuedToken {
  readonly token: string
  /** The issuer, for people. */
  readonly from: string
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * The token that a login in an environment would send: for looking at what a vendor gets, and for
 * trying its trust. Throws what `identityToken` throws.
 */
export const issueToken = operation({
  name: 'issue-token',
  level: 'open',
  audit: 'environment-token-issued',
  async run(work, { audience, subjectAttributes, version }: TokenOrder): Promise<IssuedToken> {
    const { name } = work.subject
    // One that is not there has no identity.
    work.store.environment(name)
    const attributes = subjectAttributes.length === 0 ? {} : { subjectAttributes }
    const request = { provider: 'the identity token', audience, ...attributes, ...(version && { version }) }
    const place = { currentEnvironment: name, rootEnvironment: name }
    const { token, from } = await identityToken(work, request, place, work.signal)
    const claims = claimsOf(token)
    if (claims === undefined) throw new EscError('provider_failed', 'the identity token is not a JSON Web Token')
    return { token, from, claims }
  },
})
