import { openWorkspace, reopenWorkspace } from './open-workspace.ts'
import { Session } from './session.ts'
import type { SessionHost, SessionRequest } from './session-parts.ts'

/**
 * Opens a session on the store that the request or `ESC_STORE` names, else on the one at or above
 * the current folder, else on that of the last login.
 *
 * @throws EscError `not_found` when there is no store.
 */
export function startSession(request: SessionRequest): Session {
  return new Session(openWorkspace(request))
}

/** Opens the store of a session anew, as it is now. `changed`: what of its host is another. */
export function reopenSession(session: Session, changed: Partial<SessionHost> = {}): Session {
  const { caller, host, policy } = session.workspace
  return new Session(reopenWorkspace(session.workspace, { caller, host: { ...host, ...changed }, policy }))
}
