import { editDistance } from './edit-distance.ts'

/**
 * The candidate nearest to a mistyped name, when it is near enough to be worth mentioning (a third
 * of the letters wrong at most).
 */
export function nearest<Name extends string>(name: string, candidates: Iterable<Name>): Name | undefined {
  let best: Name | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), { swaps: true })
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/**
 * Returns the name to write instead of that of the name of a provider or rotator that there is not.
 * `known`: those there are, with those of plugins.
 */
export function unknownNameHint(name: string, known: readonly string[]): string {
  const best = nearest(name, known)
  const suggestion = best === undefined ? '' : `did you mean "${best}"? `
  return `${suggestion}there are ${[...known].sort().join(', ')}; plugins can add more (\`plugins\` in esc.yaml)`
}
