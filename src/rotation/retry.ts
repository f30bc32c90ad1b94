import { EscError } from '../errors.ts'
import type { RotatorContext } from '../rotators/index.ts'

/** The time for which faults that pass by themselves are borne with. */
export interface RetryPolicy {
  /** Waits before the second try, the third and so on; as many as there may be. Milliseconds. */
  readonly waitsMs: readonly number[]
  /** No try begins later than this after the first failure. Milliseconds. */
  readonly budgetMs: number
}

export const noRetries: RetryPolicy = { waitsMs: [], budgetMs: 0 }

const firstWaitMs = 1_000
const longestWaitMs = 15_000

/** Waits of 1, 2, 4, 8 and then 15 seconds. */
export function retryPolicy({ tries, budgetMs }: { readonly tries: number; readonly budgetMs: number }): RetryPolicy {
  const waitsMs = Array.from({ length: tries - 1 }, (_, i) => Math.min(firstWaitMs * 2 ** i, longestWaitMs))
  return { waitsMs, budgetMs }
}

export const defaultRetryPolicy = retryPolicy({ tries: 3, budgetMs: 30_000 })

/** The tries of one path: planning and reconciling share them. */
export class Retries {
  readonly #policy: RetryPolicy
  readonly #context: Pick<RotatorContext, 'now' | 'sleep' | 'progress'>
  #used = 0
  #firstFailureAt: number | undefined

  constructor(policy: RetryPolicy, context: Pick<RotatorContext, 'now' | 'sleep' | 'progress'>) {
    this.#policy = policy
    this.#context = context
  }

  /**
   * Does it, and again after faults that pass by themselves; throws the last one when tries or time
   * are used up. `again` tells whether doing it again does no harm. The user's Ctrl-C ends a wait
   * at once, as `interrupted`.
   */
  async persist<T>(attempt: () => Promise<T>, again: () => boolean = () => true): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof EscError) || !error.transient || !again()) throw error
        const waitMs = this.#nextWait()
        if (waitMs === undefined) throw error
        const tries = this.#policy.waitsMs.length + 1
        this.#context.progress(
          `${error.message}; trying again in ${waitMs / 1_000} s (try ${this.#used + 1} of ${tries})`,
        )
        await this.#context.sleep(waitMs)
      }
    }
  }

  #nextWait(): number | undefined {
    const { waitsMs, budgetMs } = this.#policy
    const now = this.#context.now().getTime()
    this.#firstFailureAt ??= now
    const waitMs = waitsMs[this.#used]
    if (waitMs === undefined || now + waitMs > this.#firstFailureAt + budgetMs) return undefined
    this.#used++
    return waitMs
  }
}
