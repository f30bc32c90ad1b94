import { present } from '../present.ts'

/** Cryptographically strong random bytes, as `RotatorContext.random`. */
export type RandomBytes = (byteCount: number) => Uint8Array

/**
 * The same, drawn by the hundred: asking the system for four bytes takes longer than what is done
 * with them. What is left is never used.
 */
export function inStock(random: RandomBytes): RandomBytes {
  let stock: Uint8Array = new Uint8Array(0)
  return (byteCount) => {
    if (stock.length < byteCount) stock = random(Math.max(byteCount, 256))
    const taken = stock.subarray(0, byteCount)
    stock = stock.subarray(byteCount)
    return taken
  }
}

/**
 * A uniform integer in [0, limit), limit at most 2^32. Rejection sampling: the top of the range
 * that does not divide evenly is drawn again, so no value is likelier than another.
 */
export function randomBelow(limit: number, random: RandomBytes): number {
  const range = 2 ** 32
  const fair = range - (range % limit)
  for (;;) {
    const bytes = random(4)
    const drawn = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (drawn < fair) return drawn % limit
  }
}

export function randomChoice<T>(choices: readonly T[], random: RandomBytes): T {
  return present(choices[randomBelow(choices.length, random)])
}

/** Fisher–Yates; the argument is left alone. */
export function shuffled<T>(items: readonly T[], random: RandomBytes): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const chosen = randomBelow(last + 1, random)
    const swap = present(result[last])
    result[last] = present(result[chosen])
    result[chosen] = swap
  }
  return result
}
