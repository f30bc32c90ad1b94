import type { ServerToken } from '../../operations/index.ts'

/** A token of the server as JSON: everything but the token itself. */
export function tokenJson({ created, expires, lastUsed, ...rest }: ServerToken) {
  return {
    ...rest,
    created: created.toISOString(),
    expires: expires?.toISOString() ?? null,
    lastUsed: lastUsed?.toISOString() ?? null,
  }
}
