import { EscError } from '../../errors.ts'
import { pause } from '../../http/index.ts'
import { browserLoginUrl, EscApi, RemoteRefusal } from '../../remote/index.ts'
import { loginCode } from '../tokens/login-code.ts'
import { newToken } from '../tokens/new-token.ts'
import { tokenDigest } from '../tokens/token-registry.ts'

/** A server that a person signs in to, and the command line that waits for it. */
export interface BrowserLoginRequest {
  /** The URL of the server, as `serverUrl` returns it. */
  readonly url: string
  readonly userAgent: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The machine that asks, for the page that grants the token. */
  readonly description: string
  readonly signal?: AbortSignal
  /** Times in milliseconds. Default: the server is asked every 2 seconds, for 10 minutes. */
  readonly asksEveryMs?: number
  readonly longestMs?: number
}

/** A login that waits for a person at a browser, on whichever machine. */
export interface BrowserLogin {
  /** The page to open. Nothing in it lets anybody in. */
  readonly link: string
  /** The page must show the same. */
  readonly code: string
  /**
   * Waits until the person has signed in, and returns the token.
   *
   * @throws EscError `interrupted` where nobody does in time.
   */
  readonly token: () => Promise<string>
}

/**
 * Begins a login by browser. The token is made here, and the link holds its digest alone: the
 * server takes the token once a person who has signed in has allowed it. `undefined`: the server
 * has no sign-in for people.
 */
export async function beginBrowserLogin(request: BrowserLoginRequest): Promise<BrowserLogin | undefined> {
  const { url, userAgent, env, description, signal } = request
  const page = await browserLoginUrl({ url, token: undefined, userAgent, env, signal })
  if (page === undefined) return undefined
  const token = newToken()
  const digest = tokenDigest(token)
  const query = new URLSearchParams({ tokenDigest: digest, cliSessionDescription: description })
  const api = new EscApi({ url, token, userAgent, env, signal })
  return { link: `${page}?${query}`, code: loginCode(digest), token: () => untilTaken(api, token, request) }
}

async function untilTaken(
  api: EscApi,
  token: string,
  { url, signal, asksEveryMs = 2_000, longestMs = 600_000 }: BrowserLoginRequest,
): Promise<string> {
  const until = performance.now() + longestMs
  while (performance.now() < until && !signal?.aborted) {
    await pause(asksEveryMs, signal)
    try {
      await api.user()
      return token
    } catch (error) {
      // Not yet, or too many of this network ask at once.
      if (!(error instanceof RemoteRefusal) || (error.status !== 401 && error.status !== 429)) throw error
    }
  }
  throw new EscError('interrupted', `nobody has signed in to ${url} in time`, { hint: 'begin again' })
}
