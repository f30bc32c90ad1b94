/** How long to wait for a vendor that makes a change visible in one place after another. All in milliseconds. */
export interface IssuedTiming {
  /** Waits between tries of a credential that is not known yet: `firstWaitMs`, doubled up to `longestWaitMs`, `totalWaitMs` in all. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  readonly totalWaitMs: number
  /** One success at one replica proves little: so many in a row, this far apart. */
  readonly successes: number
  readonly successWaitMs: number
  /** A credential that is not listed so long after it may have been created was not created. */
  readonly absenceMs: number
  /** From the first request to create until the last one may be sent. */
  readonly creationMs: number
}

export const issuedTiming: IssuedTiming = {
  firstWaitMs: 1_000,
  longestWaitMs: 10_000,
  totalWaitMs: 60_000,
  successes: 3,
  successWaitMs: 200,
  absenceMs: 30_000,
  creationMs: 30_000,
}

/** The waits of one patient loop; `next()` is undefined when the budget is spent. */
export function waitsOf(
  { firstWaitMs, longestWaitMs }: IssuedTiming,
  budgetMs: number,
): { next(): number | undefined; readonly spentMs: number } {
  let wait = firstWaitMs
  let spentMs = 0
  return {
    next() {
      if (spentMs >= budgetMs) return undefined
      const now = Math.min(wait, budgetMs - spentMs)
      spentMs += now
      wait = Math.min(wait * 2, longestWaitMs)
      return now
    },
    get spentMs() {
      return spentMs
    },
  }
}
