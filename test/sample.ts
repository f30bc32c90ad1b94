/** With `SLOW=1`, sweeps try everything there is. */
export const slow = process.env.SLOW === '1'

/** So many of them, in their order, others each time; with `SLOW=1` all of them. */
export function sample<T>(all: readonly T[], count: number): readonly T[] {
  if (slow) return all
  const left = all.map((_, index) => index)
  while (left.length > count) left.splice(Math.floor(Math.random() * left.length), 1)
  return left.map((index) => all[index] as T)
}
