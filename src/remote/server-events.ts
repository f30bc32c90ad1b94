import { readAnswer } from '../http/index.ts'
import type { EventSourceMessage } from '../vendor/eventsource.ts'
import type { Endpoint } from './endpoint.ts'
import { unexpected } from './exchange.ts'
import { remoteRefusal } from './refusal.ts'
import { transportTo } from './trusted-authorities.ts'

/** A stream of server-sent events, and who hears them. */
export interface EventRequest {
  /** Begins with a slash. */
  readonly path: string
  /** The server begins after the event with this id. `undefined`: from now on. */
  readonly lastEventId: string | undefined
  /** Ends the stream. */
  readonly signal: AbortSignal
  readonly hear: (event: EventSourceMessage) => void
  /** Completes “cannot …” in errors. */
  readonly doing: string
}

/** A server says every 15 seconds that all is well: one that is silent for so long is gone. */
const silenceMs = 40_000
const longestRefusal = 1 << 16
const longestEvent = 1 << 20

/**
 * Hears the events of a server until the stream ends, however it does: whoever wants more asks
 * again.
 *
 * @throws RemoteRefusal where the answer is no success; EscError `io` where it is no stream of
 *   events; what the connection ends with.
 */
export async function hearEvents(endpoint: Endpoint, request: EventRequest): Promise<void> {
  const { path, lastEventId, signal, hear, doing } = request
  const { createParser } = await import('../vendor/eventsource.ts')
  const silence = new AbortController()
  const ended = AbortSignal.any([signal, silence.signal])
  const timer = setTimeout(() => silence.abort(new DOMException('nothing was heard', 'TimeoutError')), silenceMs)
  try {
    const transport = await transportTo(endpoint)
    const headers = {
      accept: 'text/event-stream',
      'user-agent': endpoint.userAgent,
      ...(endpoint.token !== undefined && { authorization: `token ${endpoint.token}` }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    }
    const answer = await transport({ url: endpoint.url + path, method: 'GET', headers, body: undefined, signal: ended })
    if (answer.status !== 200) {
      throw remoteRefusal(endpoint, doing, await readAnswer(answer, longestRefusal), [endpoint.token ?? ''])
    }
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream'))
      throw unexpected(endpoint, doing, 'it is not a stream of events')
    const parser = createParser({
      onEvent: hear,
      maxBufferSize: longestEvent,
      onError({ type }) {
        if (type === 'max-buffer-size-exceeded') throw unexpected(endpoint, doing, 'an event is too long')
      },
    })
    const decoder = new TextDecoder()
    for await (const part of answer.body) {
      timer.refresh()
      parser.feed(decoder.decode(part, { stream: true }))
    }
  } finally {
    clearTimeout(timer)
  }
}
