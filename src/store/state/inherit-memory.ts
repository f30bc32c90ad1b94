import type { Sighting } from '../keys/remembered.ts'

/**
 * Returns the memory of an earlier version of an environment, as this one keeps it. It came with
 * the store's folder, so somebody else may have written it: what it says can raise an alarm, and
 * never spares one. Undefined: it cannot be read.
 *
 * @param text of a file in `seen/`.
 */
export function inheritMemory(text: string): string | undefined {
  try {
    const { version, sightings: seen, keys } = JSON.parse(text)
    if (version !== 1) return undefined
    const sightings: Record<string, Sighting> = Object.create(null)
    const named: string[] = []
    for (const [branch, value] of Object.entries<Sighting>(seen)) {
      const { number, digest, key, generation } = value
      const sound = Number.isSafeInteger(number) && number > 0 && typeof digest === 'string' && typeof key === 'string'
      if (!sound) continue
      const counted = Number.isSafeInteger(generation) ? { generation } : {}
      sightings[branch] = { number, digest, key, ...counted, inherited: true } as Sighting
      if (key !== '') named.push(key)
    }
    const inheritedKeys = (Array.isArray(keys) ? keys : named).filter((key) => typeof key === 'string' && key !== '')
    return JSON.stringify({ version: 1, sightings, keys: [], inheritedKeys })
  } catch {
    return undefined
  }
}
