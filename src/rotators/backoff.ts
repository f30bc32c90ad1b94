/** The first wait of a patient loop, and up to what it is doubled. */
export interface BackoffLimits {
  readonly firstWaitMs: number
  readonly longestWaitMs: number
}

export interface Backoff {
  /** The next wait in milliseconds. Undefined: the budget is spent. */
  next(): number | undefined
  readonly spentMs: number
}

/** The waits of one patient loop; `budgetMs` in all. */
export function backoff({ firstWaitMs, longestWaitMs }: BackoffLimits, budgetMs: number): Backoff {
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
