import { EscError } from '../errors.ts'

/**
 * Runs tasks, no more than `limit` at the same time, in the order they came. Begins none
 * after `signal` was aborted.
 */
export function limiter(limit: number, signal?: AbortSignal): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      if (signal?.aborted) throw new EscError('interrupted', 'stopped')
      return await task()
    } finally {
      // The place is handed on, so that nobody who comes now can take it first.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
