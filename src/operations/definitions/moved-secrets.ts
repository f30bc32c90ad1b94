import { decryptDefinition } from '../../language/index.ts'
import { belowValues } from '../rotating/rotator-state.ts'

/**
 * Secrets that stand elsewhere in a definition than in the one before it, as ciphertext: one line
 * each. Whoever moves a ciphertext need not be able to read it, so a person should know of it
 * before they vouch for the text.
 */
export function movedSecrets(name: string, before: string, after: string): string[] {
  const places = placesOf(name, before)
  const moved: string[] = []
  for (const [ciphertext, paths] of placesOf(name, after)) {
    const old = places.get(ciphertext) ?? []
    for (const path of paths) {
      if (old.includes(path)) continue
      const from = old[0] === undefined ? 'a secret that the newest revision does not have' : `the secret of ${old[0]}`
      moved.push(`${path} holds ${from}`)
    }
  }
  return moved
}

/** By ciphertext. Empty for a text that cannot be read. */
function placesOf(name: string, text: string): Map<string, string[]> {
  const places = new Map<string, string[]>()
  try {
    decryptDefinition(name, text, (bytes, path) => {
      const ciphertext = Buffer.from(bytes).toString('base64')
      places.set(ciphertext, [...(places.get(ciphertext) ?? []), belowValues(path)])
      return ''
    })
  } catch {
    return new Map()
  }
  return places
}
