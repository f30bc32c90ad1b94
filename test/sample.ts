/** With `SLOW=1`, sweeps try everything there is, or as much as their time allows. */
export const slow = process.env.SLOW === '1'

/** How long one sweep may go on, in milliseconds. `SWEEP_SECONDS=3600` gives each an hour. */
export const sweepMs = Number(process.env.SWEEP_SECONDS ?? 30) * 1000

/**
 * Returns a function that is true once a sweep has used up its time. Asked before each step, it
 * keeps a slow run within its limits on a slow machine. Without `SLOW=1` it is never true: a count
 * bounds the sweep then.
 */
export function timer(): () => boolean {
  const end = performance.now() + sweepMs
  return () => slow && performance.now() > end
}

/**
 * Returns the stride of a sweep, to be asked before each step: 1 with `SLOW=1` while there is time,
 * then `late`; `usual` without it. A sweep after which it is still 1 has left nothing out.
 */
export function strideOf(usual: number, late = usual): () => number {
  const over = timer()
  return () => (slow ? (over() ? late : 1) : usual)
}

/**
 * Numbers from 1 on without end, for a sweep that ends by itself: others each time where the stride
 * is more than 1.
 */
export function* pointsOf(stride: () => number): Generator<number> {
  for (let point = 1 + Math.floor(Math.random() * stride()); ; point += stride()) yield point
}

/**
 * How many runs a property gets; with `SLOW=1` as many as it has time for, up to the second number.
 */
export function runs(usual: number, most: number) {
  if (!slow) return { numRuns: usual }
  return { numRuns: most, interruptAfterTimeLimit: sweepMs, markInterruptAsFailure: false }
}
/** So many of them, in their order, others each time; with `SLOW=1` all of them. */
export function sample<T>(all: readonly T[], count: number): readonly T[] {
  if (slow) return all
  const left = all.map((_, index) => index)
  while (left.length > count) left.splice(Math.floor(Math.random() * left.length), 1)
  return left.map((index) => all[index] as T)
}
