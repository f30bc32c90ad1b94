import { EscError } from '../../errors.ts'
import { type FolderChoice, storeOfFolder } from '../folders/folder-choice.ts'
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
  const { remote, here } = serverMeant(request)
  return remote ?? new Session(openWorkspace(request, { here }))
}

/** The server that a request means, or what it has found on the way to a folder. */
interface Meant {
  /** A session on the server. `undefined`: a folder is meant, or nothing. */
  readonly remote: RemoteSession | undefined
  /** The choice of the nearest `.esc.yaml`, where nothing else says which store is meant. */
  readonly here: FolderChoice | undefined
}

/** Opens a session on the server that is meant, if one is. */
export function serverMeant(request: SessionRequest): Meant {
  const named = namedServer(request)
  if (named !== undefined) return { remote: sessionOnServer(named, request, 'named'), here: undefined }
  const isNamed = request.store !== undefined || Boolean(request.host.env.ESC_STORE)
  if (isNamed) return { remote: undefined, here: undefined }
  const here = storeOfFolder(request.host)
  if (here !== undefined) {
    return { remote: namesServer(here.store) ? sessionOnServer(here.store, request, 'folder') : undefined, here }
  }
  const { current } = readKnownStores(request.host.env)
  if (!namesServer(current)) return { remote: undefined, here }
  try {
    openWorkspace(request, { here })
    return { remote: undefined, here }
  } catch (error) {
    if (!(error instanceof EscError) || error.code !== 'not_found') throw error
    return { remote: sessionOnServer(current, request, 'login'), here }
  }
}

/** Opens the store of a session anew, as it is now. `changed`: what of its host is another. */
export function reopenSession(session: Session, changed: Partial<SessionHost> = {}): Session {
  if (session instanceof RemoteSession) return session.reopened(changed)
  const { caller, host, policy } = session.workspace
  return new Session(reopenWorkspace(session.workspace, { caller, host: { ...host, ...changed }, policy }))
}
