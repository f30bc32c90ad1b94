import { storeOperation } from '../session/operation.ts'
import { newToken } from '../tokens/new-token.ts'
import { type ServerToken, tokenDigest, tokenIdOf } from '../tokens/token-registry.ts'
import { registryOf } from '../tokens/tokens.ts'
import type { ShownIdentity } from './verify-identity.ts'

interface Grant {
  readonly identity: ShownIdentity
  readonly by: 'exchange' | 'sign-in'
  /** The seconds that are asked for; no token lives longer than its issuer's `lifetime`. */
  readonly seconds: number | undefined
  /** The SHA-256 of a token that its holder has made, in hexadecimal. Default: one is made here. */
  readonly digest?: string
}

/** A token as it was granted. */
interface GrantedToken {
  /** Absent where its holder has it already. */
  readonly token?: string
  readonly kept: ServerToken
}

/**
 * Gives a token to somebody who has shown who they are, in a session of theirs. Asks for no access:
 * whom the server takes is decided by `esc.yaml` (`verifyIdentity`).
 */
export const grantToken = storeOperation({
  name: 'grant-token',
  level: undefined,
  audit: ({ by }: Grant) => (by === 'exchange' ? 'token-exchanged' : 'user-signed-in'),
  changes: false,
  async run(work, { identity, by, seconds, digest: given }): Promise<GrantedToken> {
    const { user, issuer, subject, level, environments, lifetimeSeconds } = identity
    const created = work.host.now()
    const lives = Math.min(seconds ?? lifetimeSeconds, lifetimeSeconds)
    const token = given === undefined ? newToken() : undefined
    const digest = given ?? tokenDigest(token as string)
    const id = tokenIdOf(digest)
    const event = by === 'exchange' ? 'token-exchanged' : 'user-signed-in'
    const permitted = await work.audit.begin(event, '*', { token: id, issuer, subject: subject.slice(0, 300) })
    const kept = await registryOf(work).addDigest(digest, {
      user,
      name: `${user} by ${by}`.slice(0, 100),
      organization: work.store.organization,
      admin: false,
      level,
      environments,
      created,
      createdBy: issuer,
      expires: new Date(created.getTime() + lives * 1000),
      by,
    })
    permitted.done({ token: id })
    return { ...(token !== undefined && { token }), kept }
  },
})
