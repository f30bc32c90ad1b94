import { EscError } from '../../errors.ts'
import { EscApi } from '../../remote/index.ts'
import { readKnownStores, writeKnownStores } from '../session/known-stores.ts'
import type { Session } from '../session/session.ts'
import type { SessionRequest } from '../session/session-parts.ts'
import { type KnownServer, readKnownServers, writeKnownServers } from './known-servers.ts'
import { RemoteSession } from './remote-session.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** A login to a server. */
export interface ServerLogin {
  /** The URL of the server, as `serverUrl` returns it. */
  readonly url: string
  readonly token: string
  readonly userAgent: string
  readonly allowHttp: boolean
}

/**
 * Makes a server the store that commands use wherever no other is named or found, and keeps the
 * token for it where only the user can read it.
 *
 * @throws EscError `forbidden` for a token that the server does not accept; `unsupported` for one
 *   that is no server of ours.
 */
export async function logInToServer(request: SessionRequest, login: ServerLogin): Promise<Session> {
  const { env } = request.host
  const { url, token, userAgent, allowHttp } = login
  const api = new EscApi({ url, token, userAgent, env })
  const { githubLogin: user, organizations, tokenInfo } = await api.user()
  if (!(await api.performsOperations())) {
    throw new EscError('unsupported', `${url} is not a server of this esc, which commands could work with`, {
      hint: 'import its environments into a store of your own',
    })
  }
  const organization = tokenInfo?.organization ?? organizations[0]?.githubLogin ?? user
  const known: KnownServer = { url, token, user, organization, allowHttp }
  const others = readKnownServers(env)
  const before = others.find((each) => each.url === url)
  const kept = {
    ...known,
    ...(before?.user === user && before.selected !== undefined && { selected: before.selected }),
  }
  // The token first: a store without one could not be used.
  await writeKnownServers(env, [...others.filter((each) => each.url !== url), kept])
  const stores = readKnownStores(env)
  await writeKnownStores(env, { ...stores, current: url, folders: [...new Set([...stores.folders, url])] })
  return new RemoteSession({ url, token, login: kept, chosen: 'login' }, request)
}

/** The token that an earlier login has kept for a server. `undefined`: none. */
export function keptToken(env: Variables, url: string): string | undefined {
  return readKnownServers(env).find((each) => each.url === url)?.token
}

/** Forgets the tokens of servers, and what was selected there. */
export async function forgetServers(env: Variables, urls: readonly string[]): Promise<void> {
  if (urls.length === 0) return
  const known = readKnownServers(env)
  await writeKnownServers(
    env,
    known.filter(({ url }) => !urls.includes(url)),
  )
}
