/**
 * Runs work for the same target one at a time, in the order it was asked for: two rotations of one
 * IAM user would each see the other's new key as foreign.
 */
export class TargetLock {
  readonly #tails = new Map<string, Promise<unknown>>()

  run<T>(target: string | undefined, work: () => Promise<T>): Promise<T> {
    if (target === undefined) return work()
    const before = this.#tails.get(target) ?? Promise.resolve()
    const result = before.then(work, work)
    this.#tails.set(target, result)
    return result
  }
}
