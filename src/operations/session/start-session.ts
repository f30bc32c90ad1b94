import { EscError } from '../../errors.ts'
import { storeOfFolder } from '../folders/folder-choice.ts'
import { RemoteSession, sessionOnServer } from '../servers/remote-session.ts'
import { namedServer, namesServer } from '../servers/server-in-words.ts'
import { readKnownStores } from './known-stores.ts'
import { openWorkspace, reopenWorkspace } from './open-workspace.ts'
import { Session } from './session.ts'
import type { SessionHost, SessionRequest } from './session-parts.ts'

/**
 * Opens a session on the store that the request, `ESC_STORE` or `ESC_SERVER_URL` names, else on
 * that of the nearest `.esc.yaml`, else on the one at or above the current folder, else on that of
 * the last login. It may be on a server.
 *
 * @throws EscError `not_found` when there is no store; `forbidden` when there is no token for it.
 */
export function startSession(request: SessionRequest): Session {
  return remoteSessionOf(request) ?? new Session(openWorkspace(request))
}

/** Opens a session on the server that is meant. `undefined`: a folder is meant, or nothing. */
export function remoteSessionOf(request: SessionRequest): RemoteSession | undefined {
  const named = namedServer(request)
  if (named !== undefined) return sessionOnServer(named, request, 'named')
  const isNamed = request.store !== undefined || Boolean(request.host.env.ESC_STORE)
  if (isNamed) return undefined
  const here = storeOfFolder(request.host)
  if (here !== undefined) {
    return namesServer(here.store) ? sessionOnServer(here.store, request, 'folder') : undefined
  }
  const { current } = readKnownStores(request.host.env)
  if (!namesServer(current)) return undefined
  try {
    openWorkspace(request)
    return undefined
  } catch (error) {
    if (!(error instanceof EscError) || error.code !== 'not_found') throw error
    return sessionOnServer(current, request, 'login')
  }
}

/** Opens the store of a session anew, as it is now. `changed`: what of its host is another. */
export function reopenSession(session: Session, changed: Partial<SessionHost> = {}): Session {
  if (session instanceof RemoteSession) return session.reopened(changed)
  const { caller, host, policy } = session.workspace
  return new Session(reopenWorkspace(session.workspace, { caller, host: { ...host, ...changed }, policy }))
}
