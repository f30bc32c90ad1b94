import { openWorkspace, openWorkspaceAt } from './open-workspace.ts'
import { Session } from './session.ts'
import type { WorkspaceOptions } from './workspace.ts'

/**
 * Opens a session on the store that `options` or `ESC_STORE` names, else on the one at or above the
 * current folder, else on that of the last login.
 *
 * @throws EscError `not_found` when there is no store.
 */
export function startSession(options: WorkspaceOptions): Session {
  return new Session(openWorkspace(options))
}

/** Opens the store of a session anew, as it is now; `changed` are options that are others since. */
export function reopenSession(session: Session, changed: Partial<WorkspaceOptions> = {}): Session {
  const { store, options, chosen } = session.workspace
  return new Session(openWorkspaceAt(store.folder, { ...options, ...changed }, chosen))
}
