import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EscError } from '../../errors.ts'
import { serverUrl } from '../../remote/index.ts'
import { rich, step } from '../../rich-text.ts'
import { namesServer } from '../servers/server-in-words.ts'
import { forgetServers } from '../servers/server-login.ts'
import { readKnownStores, writeKnownStores } from '../session/known-stores.ts'
import { openWorkspaceAt } from '../session/open-workspace.ts'
import { Session } from '../session/session.ts'
import type { SessionRequest } from '../session/session-parts.ts'
import { startSession } from '../session/start-session.ts'

/**
 * Makes a store the one that commands use wherever no other is named or found, and remembers it by
 * its label. `target`: its folder, or a `file://` URL; undefined: only says which store is in use.
 * `user`: who access rules and audit log take the user for from now on; default: as before.
 *
 * @throws EscError `not_found`; `unsupported` for the URL of a service.
 */
export async function useStore(request: SessionRequest, target: string | undefined, user?: string): Promise<Session> {
  const { user: formerUser, ...before } = readKnownStores(request.host.env)
  if (target === undefined) {
    const session = startSession(request)
    if (user !== undefined) await writeKnownStores(request.host.env, { ...before, user })
    return session
  }
  if (namesServer(target)) throw new Error('logging in to a server takes a token')
  const session = new Session(openWorkspaceAt(folderOf(target, request.host.cwd), request, 'login'))
  const { folder } = session
  const folders = [...new Set([...before.folders, folder])]
  await writeKnownStores(request.host.env, { current: folder, folders, user: user ?? formerUser })
  return session
}

/**
 * Forgets a store: that at `target`; `all`; default: the current one. Of a server, the token is
 * forgotten too. Nothing of the store itself changes. Returns the folders, and URLs of servers.
 */
export async function logOut(
  request: SessionRequest,
  { target, all }: { readonly target: string | undefined; readonly all: boolean },
): Promise<readonly string[]> {
  const { current, folders, user } = readKnownStores(request.host.env)
  const everything = [...new Set([...(current === undefined ? [] : [current]), ...folders])]
  const forgotten = all
    ? everything
    : target === undefined
      ? everything.filter((folder) => folder === current)
      : everything.filter((folder) => isAt(folder, target, request.host.cwd))
  await forgetServers(request.host.env, forgotten.filter(namesServer))
  if (forgotten.length > 0) {
    const kept = folders.filter((folder) => !forgotten.includes(folder))
    const still = current !== undefined && !forgotten.includes(current) ? current : undefined
    await writeKnownStores(request.host.env, { current: still, folders: kept, user: all ? undefined : user })
  }
  return forgotten
}

function isAt(known: string, target: string, cwd: string): boolean {
  if (namesServer(target)) return known === serverUrl(target, { allowHttp: true })
  return !namesServer(known) && [known, resolve(known, '..')].includes(folderOf(target, cwd))
}

function folderOf(target: string, cwd: string): string {
  if (/^file:/i.test(target)) {
    try {
      return fileURLToPath(target)
    } catch (error) {
      throw new EscError('usage', `${target} is not a file URL: ${(error as Error).message}`, {
        hint: 'write file:///absolute/path, or the path alone',
        cause: error,
      })
    }
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(target)?.[1]
  if (scheme === undefined) return resolve(cwd, target)
  if (['s3', 'gs', 'azblob'].includes(scheme)) {
    throw new EscError('unsupported', `${target} does not support Pulumi ESC`, {
      hint: 'name a folder that holds a store, such as ./environments',
    })
  }
  throw new EscError('unsupported', `problem logging in: ${scheme}:// is the scheme of no store`, {
    hint: rich`name a folder that holds a store, such as ./environments, or the URL of a server; or ${step('make a store', { do: 'create-store' })}`,
  })
}
