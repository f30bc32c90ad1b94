import { EscError } from '../../errors.ts'
import { serverUrl } from '../../remote/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { SessionRequest } from '../session/session-parts.ts'
import type { Chosen } from '../session/workspace.ts'
import { type KnownServer, readKnownServers } from './known-servers.ts'

/** A server that a session is to use, and who asks it. */
export interface ChosenServer {
  readonly url: string
  readonly token: string
  /** The login that was kept. `undefined`: the token is of a variable, and its user unknown. */
  readonly login: KnownServer | undefined
  readonly chosen: Chosen
}

/**
 * Finds the token for a server: `ESC_ACCESS_TOKEN`, else that of the login.
 *
 * @throws EscError `usage` for what is no URL; `forbidden` where there is no token for it.
 */
export function serverAt(typed: string, { host: { env } }: SessionRequest, chosen: Chosen): ChosenServer {
  const known = readKnownServers(env)
  const url = serverUrl(typed, {
    allowHttp:
      env.ESC_ALLOW_HTTP === '1' || known.some((each) => each.allowHttp && each.url === typed.replace(/\/+$/, '')),
  })
  const login = known.find((each) => each.url === url)
  const given = env.ESC_ACCESS_TOKEN?.trim()
  if (given) {
    if (!/^[\x21-\x7e]+$/.test(given)) {
      throw new EscError('usage', 'ESC_ACCESS_TOKEN holds characters that an access token cannot have', {
        hint: 'write the token alone',
      })
    }
    return { url, token: given, login: given === login?.token ? login : undefined, chosen }
  }
  if (login === undefined) {
    throw new EscError('forbidden', `no access token for ${url}`, {
      hint: rich`${step('log in', { do: 'log-in', url })}, or put a token into ESC_ACCESS_TOKEN`,
    })
  }
  return { url, token: login.token, login, chosen }
}
