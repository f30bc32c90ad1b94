import { setMaxListeners } from 'node:events'
import { type HttpAnswer, readAnswer } from './answer.ts'
import { asNoAnswer, NoAnswer } from './no-answer.ts'
import { pause, type RetryRule, retryAfterMs } from './retries.ts'
import type { Transport } from './transport.ts'

/** A request, and the limits that its caller gives it. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  /** Beside `content-type`, which follows from a body that is no text. */
  readonly headers?: Readonly<Record<string, string>>
  /** Parameters are sent as a form, a text as it is, any other object as JSON. */
  readonly body?: string | object
  /** For each attempt, from the first byte sent to the last received, in milliseconds. */
  readonly timeoutMs: number
  /** The most bytes of a body that are read. Default: a mebibyte, more than any vendor answers. */
  readonly longestBytes?: number
  /** `cut`: what is longer counts as far as it was read. Default: it is no answer. */
  readonly whenLonger?: 'cut'
  /** Stops the exchange, and the pauses between attempts. */
  readonly signal?: AbortSignal
  /** Absent when the request is made once. */
  readonly retry?: RetryRule
}

const mebibyte = 1 << 20

/**
 * Makes a request, again where its rule says so, and returns the last answer, whatever its status.
 * No redirect is followed.
 *
 * @throws NoAnswer.
 */
export async function send(call: HttpCall, transport: Transport): Promise<HttpAnswer> {
  const { retry, signal } = call
  for (let failures = 0; ; failures++) {
    const outcome = await attempt(call, transport)
    const pauseMs = retry?.pausesMs[failures]
    if (retry !== undefined && pauseMs !== undefined && !signal?.aborted && retry.isPassing(outcome)) {
      const asked = outcome instanceof NoAnswer ? undefined : retryAfterMs(outcome)
      const sleep = retry.sleep ?? ((ms: number) => pause(ms, signal))
      await sleep(Math.max(pauseMs, Math.min(asked ?? 0, retry.longestPauseMs)))
      if (!signal?.aborted) continue
    }
    if (outcome instanceof NoAnswer) throw outcome
    return outcome
  }
}

async function attempt(call: HttpCall, transport: Transport): Promise<HttpAnswer | NoAnswer> {
  const { method, url, body, longestBytes = mebibyte, whenLonger } = call
  const limit = timeLimit(call)
  try {
    const headers = { ...contentType(body), ...call.headers }
    const wire = await transport({ url, method, headers, body: textOf(body), signal: limit.signal })
    const answer = await readAnswer(wire, longestBytes)
    return answer.isCut && whenLonger !== 'cut' ? new NoAnswer('too large', true) : answer
  } catch (error) {
    return asNoAnswer(error, true)
  } finally {
    limit.end()
  }
}

function contentType(body: HttpCall['body']): Record<string, string> {
  if (body === undefined || typeof body === 'string') return {}
  const form = body instanceof URLSearchParams
  return { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' }
}

function textOf(body: HttpCall['body']): string | undefined {
  if (body === undefined || typeof body === 'string') return body
  return body instanceof URLSearchParams ? body.toString() : JSON.stringify(body)
}

/** A signal that aborts when the time is up, or the caller's does. `end` frees what it holds. */
function timeLimit({ timeoutMs, signal: outer }: HttpCall): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const late = () => controller.abort(new DOMException('no answer in time', 'TimeoutError'))
  const stop = () => (isTimeout(outer?.reason) ? late() : controller.abort(new DOMException('stopped', 'AbortError')))
  const timer = setTimeout(late, timeoutMs)
  // Many requests may hang on one signal, which is no leak.
  if (outer !== undefined) setMaxListeners(0, outer)
  if (outer?.aborted) stop()
  else outer?.addEventListener('abort', stop, { once: true })
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', stop)
    },
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}
