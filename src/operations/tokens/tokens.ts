import { EscError } from '../../errors.ts'
import { type GuardLevel, serverEntries } from '../../store/index.ts'
import { storeOperation } from '../session/operation.ts'
import { refuseForOthers } from '../session/own-rights.ts'
import type { Session } from '../session/session.ts'
import type { Workspace } from '../session/workspace.ts'
import { newToken } from './new-token.ts'
import { endOfToken, type ServerToken, TokenRegistry } from './token-registry.ts'
import { checkWords } from './token-words.ts'

/** The things to be said of a new token. */
export interface NewToken {
  /** The principal that its holder is. */
  readonly user: string
  /** Default: `user`. */
  readonly name?: string
  /** The label of a store. Default: of this one. */
  readonly organization?: string
  readonly admin: boolean
  readonly level: GuardLevel
  readonly environments: readonly string[]
  /** Default: never. */
  readonly expiresInSeconds?: number
}

export interface CreatedToken {
  /** Shown this once; the server keeps its digest. */
  readonly token: string
  readonly kept: ServerToken
}

/**
 * Refuses a token with which a caller of a server could do what the access rules deny them.
 *
 * @throws EscError `forbidden`.
 */
function refuseMoreThanOwn(workspace: Workspace, { user, admin }: Pick<NewToken, 'user' | 'admin'>): void {
  const { name, from } = workspace.principal()
  if (admin && from === 'token' && workspace.accessRules() !== undefined) {
    throw new EscError('forbidden', `'${name}' may not make a token that the access rules do not limit`, {
      hint: 'leave that out, or make it on the machine of the store',
    })
  }
  refuseForOthers(workspace, user, 'make a token for')
}

/** Makes a token of the server. Throws EscError `usage` for a name that cannot be used. */
export const createToken = storeOperation({
  name: 'create-token',
  level: 'admin',
  audit: 'token-created',
  changes: false,
  input: (z) =>
    z.strictObject({
      user: z.string().describe('the principal that its holder is'),
      name: z.string().optional().describe('default: as user'),
      organization: z.string().optional(),
      admin: z.boolean().default(false),
      level: z.enum(['read', 'open', 'write', 'admin']),
      environments: z.array(z.string()).default([]).describe('patterns; default: every environment'),
      expiresInSeconds: z.int().min(1).optional().describe('default: never'),
    }),
  async run(work, { user, name = user, organization, expiresInSeconds, ...rest }: NewToken): Promise<CreatedToken> {
    checkWords('user', user)
    checkWords('name', name)
    const created = work.host.now()
    const label = organization ?? work.store.organization
    checkWords('organization', label)
    refuseMoreThanOwn(work, { user, admin: rest.admin })
    const token = newToken()
    const kept = await registryOf(work).add(token, {
      ...rest,
      user,
      name,
      organization: label,
      created,
      createdBy: work.principal().name,
      ...(expiresInSeconds !== undefined && { expires: new Date(created.getTime() + expiresInSeconds * 1000) }),
    })
    work.addDetails(() => ({ token: kept.id, user, name }))
    return { token, kept }
  },
})

/** The tokens of the server, the newest last. */
export const listTokens = storeOperation({
  name: 'list-tokens',
  level: 'admin',
  audit: 'audit-log-read',
  changes: false,
  run: async (work): Promise<readonly ServerToken[]> => registryOf(work).list(),
})

/** Revokes a token, by its id or name: the next request with it is refused. */
export const revokeToken = storeOperation({
  name: 'revoke-token',
  level: 'admin',
  audit: 'token-revoked',
  changes: false,
  input: (z) => z.string().describe('id or name of the token'),
  async run(work, wanted: string): Promise<ServerToken> {
    const token = await registryOf(work).revoke(wanted)
    work.addDetails(() => ({ token: token.id, user: token.user, name: token.name }))
    return token
  },
})

/** A token that takes the place of another. */
export interface TokenRotation {
  /** Id or name of the token. */
  readonly wanted: string
  /** The time for which the old one goes on working, at most. Default: an hour. */
  readonly overlapSeconds?: number
  /** Default: as long as the old one was made for. */
  readonly expiresInSeconds?: number
}

const usualOverlapSeconds = 3600

/**
 * Makes a token that may do what another may, and has that one end: at once, or once its holder has
 * had time to take the new one. Throws EscError `not_found`; `usage` for a name that several have,
 * or a token that has ended.
 */
export const rotateToken = storeOperation({
  name: 'rotate-token',
  level: 'admin',
  audit: 'token-rotated',
  changes: false,
  input: (z) =>
    z.strictObject({
      wanted: z.string().describe('id or name of the token'),
      overlapSeconds: z.int().min(0).optional().describe('the old one goes on working so long; default: 3600'),
      expiresInSeconds: z.int().min(1).optional().describe('default: as long as the old one was made for'),
    }),
  async run(work, { wanted, overlapSeconds = usualOverlapSeconds, expiresInSeconds }: TokenRotation) {
    const registry = registryOf(work)
    const { id: oldId, lastUsed: _, ...old } = await registry.named(wanted)
    refuseMoreThanOwn(work, old)
    const now = work.host.now()
    if (old.expires !== undefined && old.expires <= now) {
      throw new EscError('usage', `the token ${oldId} has expired`, { hint: 'create a new one' })
    }
    const lifeMs = old.expires && old.expires.getTime() - old.created.getTime()
    const lives = expiresInSeconds === undefined ? lifeMs : expiresInSeconds * 1000
    const { expires: __, replacedBy: ___, ...rest } = old
    const token = newToken()
    const created = { created: now, createdBy: work.principal().name }
    const expires = lives === undefined ? {} : { expires: new Date(now.getTime() + lives) }
    // The new one first: cut off in between, both work.
    const kept = await registry.add(token, { ...rest, ...created, ...expires })
    if (overlapSeconds === 0) await registry.revoke(oldId)
    else await registry.replace(oldId, { by: kept.id, latest: new Date(now.getTime() + overlapSeconds * 1000) })
    work.addDetails(() => ({ token: kept.id, replaced: oldId, user: kept.user, name: kept.name }))
    return { token, kept } satisfies CreatedToken
  },
})

/** The tokens that a server of this store takes. */
export function tokensOf({ workspace }: Session): TokenRegistry {
  return registryOf(workspace)
}

/** The tokens of a store's servers. */
export function registryOf({ store }: Workspace): TokenRegistry {
  return new TokenRegistry(serverEntries(store, 'token', endOfToken))
}
