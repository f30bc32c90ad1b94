import { EscError } from '../../errors.ts'
import type { SessionRequest } from '../session/session-parts.ts'

/** True for what is meant as the URL of a server, and not as a folder. */
export function namesServer(place: string | undefined): place is string {
  return place !== undefined && (place.startsWith('https://') || place.startsWith('http://'))
}

/**
 * The server that the request or a variable names. `undefined`: they name a folder, or nothing.
 *
 * @throws EscError `usage` where variables name a folder and a server.
 */
export function namedServer({ store, host: { env } }: SessionRequest): string | undefined {
  if (store !== undefined) return namesServer(store) ? store : undefined
  const { ESC_STORE: place, ESC_SERVER_URL: url } = env
  if (!url) return namesServer(place) ? place : undefined
  if (place) {
    throw new EscError('usage', 'ESC_STORE names a store, and ESC_SERVER_URL another', { hint: 'unset one of them' })
  }
  return url
}
