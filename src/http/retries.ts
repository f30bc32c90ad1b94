import type { HttpAnswer } from './answer.ts'
import { NoAnswer } from './no-answer.ts'

/**
 * Tells when a request may be made again, and after how long. Only for requests that do no harm
 * twice.
 */
export interface RetryRule {
  /** The pauses between attempts, in milliseconds: there is one attempt more than pauses. */
  readonly pausesMs: readonly number[]
  /** The longest that an answer may make the pause by its `Retry-After`. */
  readonly longestPauseMs: number
  /** True when the next attempt may fare better. */
  readonly isPassing: (outcome: HttpAnswer | NoAnswer) => boolean
  /** Waits; may throw to stop. Default: until the time is over or the call's signal aborts. */
  readonly sleep?: (ms: number) => Promise<void>
}

/** True when the vendor, or something between, had a fault of its own or too much to do. */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** Matches codes of certificates that are not trusted, which a second later they are not either. */
const ofCertificates = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/

/** The usual rule: no answer, or one of `isPassingStatus`. */
export function isPassingOutcome(outcome: HttpAnswer | NoAnswer): boolean {
  if (outcome instanceof NoAnswer) {
    const { code } = outcome
    return code !== 'too large' && code !== 'interrupted' && !ofCertificates.test(code)
  }
  return isPassingStatus(outcome.status)
}

/**
 * The header `Retry-After`, seconds or a date, in milliseconds from the answer on. `undefined` when
 * there is none that can be read.
 */
export function retryAfterMs({ headers }: Pick<HttpAnswer, 'headers'>): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const until = httpDate(text)
  if (until === undefined) return undefined
  return Math.max(0, until - (httpDate(headers.get('date') ?? '') ?? Date.now()))
}

/** In milliseconds since 1970; dates of RFC 9110, 5.6.7 begin with the name of a day. */
function httpDate(text: string): number | undefined {
  const time = /^[A-Z][a-z]{2,8}[, ]/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** Resolves after so long, or as soon as the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}
