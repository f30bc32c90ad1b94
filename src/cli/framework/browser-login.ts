import { hostname, userInfo } from 'node:os'
import { beginBrowserLogin } from '../../operations/index.ts'
import { openBrowser } from '../terminal/index.ts'
import type { Host } from './host.ts'

interface Wanted {
  readonly url: string
  readonly userAgent: string
  /** True where a browser of this machine is opened, too. */
  readonly open: boolean
}

/**
 * Has a person sign in to a server with a browser, and returns the token. `undefined`: the server
 * offers no such sign-in.
 *
 * @throws EscError `interrupted` when nobody has signed in within ten minutes.
 */
export async function signInByBrowser(io: Host, { url, userAgent, open }: Wanted): Promise<string | undefined> {
  const login = await beginBrowserLogin({ url, userAgent, env: io.env, description: whoAsks() })
  if (login === undefined) return undefined
  io.err(`Sign in at:\n\n  ${login.link}\n\nThe page must show this code: ${login.code}\n\nWaiting …\n`)
  if (open) openBrowser(login.link, io.env)
  return login.token()
}

function whoAsks(): string {
  try {
    return `${userInfo().username} on ${hostname()}`
  } catch {
    // A user without a name, as in containers.
    return hostname()
  }
}
