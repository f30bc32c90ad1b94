/**
 * The highest number for which a revision exists, given that they are contiguous from 1. Looks at
 * a few names instead of listing: two from a good hint, and twice the logarithm of the answer
 * from a bad one. 0: none.
 */
export function newestNumber(exists: (number: number) => boolean, hint = 0): number {
  let low = hint > 0 && exists(hint) ? hint : 0
  let step = 1
  while (exists(low + step)) {
    low += step
    step *= 2
  }
  let high = low + step
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (exists(middle)) low = middle
    else high = middle
  }
  return low
}
