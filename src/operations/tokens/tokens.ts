import { type GuardLevel, stateLayout } from '../../store/index.ts'
import { storeOperation } from '../session/operation.ts'
import type { Session } from '../session/session.ts'
import type { Workspace } from '../session/workspace.ts'
import { newToken } from './new-token.ts'
import { type ServerToken, TokenRegistry } from './token-registry.ts'
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
    const token = newToken()
    const kept = registryOf(work).add(token, {
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
    const token = registryOf(work).revoke(wanted)
    work.addDetails(() => ({ token: token.id, user: token.user, name: token.name }))
    return token
  },
})

/** The tokens that a server of this store takes. */
export function tokensOf({ workspace }: Session): TokenRegistry {
  return registryOf(workspace)
}

/** The tokens of a store's server. */
export function registryOf({ store }: Workspace): TokenRegistry {
  return new TokenRegistry(stateLayout.tokens(store.state.folder))
}
