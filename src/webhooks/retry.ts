import type { WebhookAnswer } from './post.ts'

/**
 * The pauses after each failed attempt, in seconds; after the last one the delivery
 * has failed. A day in all.
 */
const waits = [1, 10, 60, 300, 900, 3600, 10_800, 21_600, 43_200]

/** Answers in which the receiver asks for patience, beside every 5xx. */
const passing = [408, 425, 429]

export type Verdict = { readonly kind: 'delivered' } | { readonly kind: 'failed' | 'retry'; readonly reason: string }

/** Returns what an answer means for the delivery. */
export function verdictOn(answer: WebhookAnswer): Verdict {
  if (answer.kind !== 'answered') return { kind: answer.kind === 'refused' ? 'failed' : 'retry', reason: answer.reason }
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status >= 300 && status < 400) return { kind: 'failed', reason: `answered ${status}: redirects are not followed` }
  const kind = status >= 500 || passing.includes(status) ? 'retry' : 'failed'
  return { kind, reason: `answered ${status}` }
}

/**
 * Returns the time to wait after so many attempts, in milliseconds; undefined: not again. `random`
 * from 0 to 1 spreads those that failed together over a quarter more or less. A receiver may
 * ask for longer, up to an hour.
 */
function waitMsAfter(attempts: number, random: number, answer: WebhookAnswer): number | undefined {
  const wait = waits[attempts - 1]
  if (wait === undefined) return undefined
  const asked = answer.kind === 'answered' ? (answer.retryAfterMs ?? 0) : 0
  return Math.round(Math.max(wait * 1000 * (0.75 + random / 2), Math.min(asked, 3_600_000)))
}

/** Returns what becomes of a delivery after so many attempts. `waitMs`: until the next one. */
export function afterAttempt(
  answer: WebhookAnswer,
  attempts: number,
  random: number,
): { readonly state: 'pending' | 'delivered' | 'failed'; readonly waitMs?: number } {
  const { kind } = verdictOn(answer)
  if (kind !== 'retry') return { state: kind }
  const waitMs = waitMsAfter(attempts, random, answer)
  return waitMs === undefined ? { state: 'failed' } : { state: 'pending', waitMs }
}
