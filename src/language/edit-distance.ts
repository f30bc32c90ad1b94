const encoder = new TextEncoder()

/** Names are compared without `_` and case. */
function fold(text: string): string {
  return text.replaceAll('_', '').toLowerCase()
}

/** The edit distance of two folded names, over their UTF-8 bytes. */
export function distance(a: string, b: string): number {
  const [x, y] = [encoder.encode(fold(a)), encoder.encode(fold(b))]
  let row = Array.from({ length: y.length + 1 }, (_, j) => j)
  for (let i = 1; i <= x.length; i++) {
    const next = [i]
    for (let j = 1; j <= y.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (x[i - 1] === y[j - 1] ? 0 : 1)))
    row = next
  }
  return row[y.length]!
}

/** Very long names get no suggestion: comparing them would take the product of their lengths. */
const longestName = 200

/** The candidate a mistyped `name` most likely meant; the first in the given order among equals. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const length = encoder.encode(fold(name)).length
  if (length > longestName) return undefined
  let limit = Math.floor((length + 1) / 2)
  let best: string | undefined
  for (const candidate of candidates) {
    if (limit === 0) break
    // UTF-8 has one to three bytes a UTF-16 unit, so this discards only names that are too far away anyway.
    const units = candidate.replaceAll('_', '').length
    if (units >= length + limit || units * 3 <= length - limit) continue
    const d = distance(name, candidate)
    if (d < limit) [best, limit] = [candidate, d]
  }
  return best
}

/** The names, nearest to `name` first; equals keep their order. */
export function sortByDistance(name: string, names: readonly string[]): readonly string[] {
  const distances = new Map(names.map((candidate) => [candidate, distance(name, candidate)]))
  return [...names].sort((a, b) => distances.get(a)! - distances.get(b)!)
}
