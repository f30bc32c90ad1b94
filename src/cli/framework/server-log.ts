import { messageOf } from '../../errors.ts'
import type { FailedRequest, RequestEntry } from '../../server/index.ts'
import type { Host } from './host.ts'

/** The manners in which a server tells on standard error what it does. */
export const logManners = ['text', 'json', 'off'] as const

export type LogManner = (typeof logManners)[number]

/** The log of a server. No line holds a token, a query, an id of a session or a body. */
export interface ServerLog {
  /** A line about the server itself. */
  say(line: string): void
  /** A request that was answered. Absent: they are not told of. */
  readonly request?: (entry: RequestEntry) => void
  failed(error: unknown, request: FailedRequest): void
}

/** A log of lines for people, or of one JSON object in each line. */
export function serverLog(io: Host, manner: LogManner): ServerLog {
  const time = () => io.now().toISOString()
  if (manner === 'json') {
    const write = (entry: object) => io.err(`${JSON.stringify({ time: time(), ...entry })}\n`)
    return {
      say: (message) => write({ level: 'info', message }),
      request: ({ ms, id, ...entry }) => write({ level: 'info', ...entry, ms: rounded(ms), requestId: id }),
      failed: (error, { method, route, id }) =>
        write({ level: 'error', message: messageOf(error), method, route, requestId: id }),
    }
  }
  return {
    say: (line) => io.err(`${line}\n`),
    request:
      manner === 'off'
        ? undefined
        : ({ method, route, status, ms, user, token, id }) =>
            io.err(
              `${time()} ${method} ${route} ${status} ${rounded(ms)}ms${user === undefined ? '' : ` ${user} (${token})`} ${id}\n`,
            ),
    failed: (error, { method, route, id }) => io.err(`${time()} ${method} ${route}: ${messageOf(error)} ${id}\n`),
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
