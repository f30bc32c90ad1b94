import { editDistance } from '../edit-distance.ts'

const encoder = new TextEncoder()

/** Names are compared without `_` and case. */
function fold(text: string): string {
  return text.replaceAll('_', '').toLowerCase()
}

/** The edit distance of two folded names, over their UTF-8 bytes. */
export function distance(a: string, b: string): number {
  return foldedDistance(fold(a), fold(b))
}

function foldedDistance(a: string, b: string): number {
  return editDistance(encoder.encode(a), encoder.encode(b))
}

/** Very long names get no suggestion: comparing them would take the product of their lengths. */
const longestName = 200

/** The most that comparing one evaluation may do, in steps of the distance's table. */
const budget = 30_000_000

/**
 * Finds what mistyped names most likely meant. A document with very many mistakes gets no
 * suggestions for the last of them.
 */
export class Suggester {
  #left = budget
  readonly #folded = new WeakMap<object, readonly (readonly [name: string, folded: string])[]>()

  /**
   * The nearest of the candidates; the first in their order among equals. The list is
   * remembered by its identity.
   */
  suggest(name: string, candidates: readonly string[] | ReadonlyMap<string, unknown>): string | undefined {
    const target = fold(name)
    const length = encoder.encode(target).length
    let limit = Math.floor((length + 1) / 2)
    let best: string | undefined
    if (length > longestName) return undefined
    for (const [candidate, folded] of this.#foldedNames(candidates)) {
      if (limit === 0 || this.#left <= 0) break
      this.#left--
      // UTF-8 has one to three bytes a UTF-16 unit, so this discards only names that
      // are too far away anyway.
      if (folded.length >= length + limit || folded.length * 3 <= length - limit) continue
      this.#left -= length * folded.length
      const d = foldedDistance(target, folded)
      if (d < limit) [best, limit] = [candidate, d]
    }
    return best
  }

  #foldedNames(candidates: readonly string[] | ReadonlyMap<string, unknown>) {
    let folded = this.#folded.get(candidates)
    if (folded === undefined) {
      const names = 'keys' in candidates && !Array.isArray(candidates) ? candidates.keys() : candidates
      folded = Array.from(names as Iterable<string>, (name) => [name, fold(name)] as const)
      this.#folded.set(candidates, folded)
    }
    return folded
  }
}

/** The candidate a mistyped `name` most likely meant; the first in the given order among equals. */
export function suggest(name: string, candidates: readonly string[]): string | undefined {
  return new Suggester().suggest(name, candidates)
}

/**
 * The names, nearest to `name` first; equals keep their order. Of very long names none is nearest.
 */
export function sortByDistance(name: string, names: readonly string[]): readonly string[] {
  if (name.length > longestName) return names
  return names
    .map((candidate) => ({ candidate, away: distance(name, candidate) }))
    .sort((a, b) => a.away - b.away)
    .map(({ candidate }) => candidate)
}
