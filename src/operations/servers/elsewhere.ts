import { EscError } from '../../errors.ts'
import type { SessionParts } from '../session/session-parts.ts'
import type { Chosen, Workspace } from '../session/workspace.ts'

/**
 * Stands for the workspace of a store that a server keeps: whoever looks into it is told that the
 * folder of the store is needed.
 */
export function workspaceElsewhere(url: string, chosen: Chosen, { caller, host, policy }: SessionParts): Workspace {
  const refuse = (): never => {
    throw needsFolder(url)
  }
  return {
    caller,
    host,
    policy,
    chosen,
    author: refuse,
    principal: refuse,
    accessRules: refuse,
    reference: refuse,
    changes: refuse,
    get store() {
      return refuse()
    },
    get audit() {
      return refuse()
    },
  }
}

/** Returns the error for what can only be done in the folder of a store. */
export function needsFolder(url: string, what = 'this'): EscError {
  return new EscError('unsupported', `${what} works in the folder of a store, and the store in use is on ${url}`, {
    hint: 'do it on the machine that has the folder, or name a folder',
  })
}
