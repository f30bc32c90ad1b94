import type { Endpoint } from './endpoint.ts'
import { exchange } from './exchange.ts'
import { remoteRefusal } from './refusal.ts'

/** An answer of a server of ours: of success, or an error in full. */
export interface OperationAnswer {
  readonly done: boolean
  /** As the server has written it. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Rotations wait for vendors. */
const longestMs = 30 * 60_000

/**
 * Has a server of ours perform an operation. It is asked once.
 *
 * @param text the request as JSON.
 * @throws RemoteRefusal where it is no server of ours; EscError `io` where there is no answer.
 */
export async function performOperation(endpoint: Endpoint, name: string, text: string): Promise<OperationAnswer> {
  const doing = `perform ${name}`
  const answer = await exchange(endpoint, {
    method: 'POST',
    path: `/api/v1/operations/${encodeURIComponent(name)}`,
    body: text,
    headers: { 'content-type': 'application/json' },
    doing,
    timeoutMs: longestMs,
  })
  const done = answer.status >= 200 && answer.status < 300
  // Numbers that would lose something are no JSON numbers in it.
  const { json } = answer
  if (isObject(json) && (done || json.error !== undefined)) return { done, body: json }
  throw remoteRefusal(endpoint, doing, answer, [endpoint.token ?? ''])
}

function isObject(value: unknown): value is OperationAnswer['body'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
