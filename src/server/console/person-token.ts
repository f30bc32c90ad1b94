import { randomBytes } from 'node:crypto'
import type { ServerToken, TokenRegistry } from '../../operations/index.ts'

/** The tokens that a server takes. */
export type KnownTokens = Pick<TokenRegistry, 'find' | 'noteUse' | 'revoke'>

/** A token that is kept nowhere: it ends with the process. */
export interface PersonToken {
  readonly token: string
  /** The tokens that are kept, and this one. */
  readonly known: KnownTokens
}

/**
 * Makes a token for the person at this machine, whom the console signs in by a link. The access
 * rules limit it as they limit that person.
 */
export function personToken(
  kept: KnownTokens,
  { user, organization, now }: { readonly user: string; readonly organization: string; readonly now: Date },
): PersonToken {
  const token = `esc_${randomBytes(30).toString('base64url')}`
  const held: ServerToken = {
    id: 'this-machine',
    name: 'console',
    user,
    organization,
    admin: false,
    level: 'admin',
    environments: [],
    created: now,
    createdBy: user,
  }
  const known: KnownTokens = {
    find: async (shown) => (shown === token ? held : kept.find(shown)),
    revoke: (wanted) => kept.revoke(wanted),
    noteUse: async (found, shown, at) => (found === held ? undefined : kept.noteUse(found, shown, at)),
  }
  return { token, known }
}
