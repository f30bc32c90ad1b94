import { decryptDefinition } from '../../language/index.ts'
import { belowValues } from '../rotating/rotator-state.ts'

/** A secret in another place than before. */
interface MovedSecret {
  readonly path: string
  /** The path that it had. `undefined`: the definition before does not have it. */
  readonly of: string | undefined
}

/**
 * Secrets that stand elsewhere in a definition than in the one before it, as ciphertext. Whoever
 * moves a ciphertext need not be able to read it, so a person should know of it before they vouch
 * for the text.
 */
export function movedSecrets(name: string, before: string, after: string): MovedSecret[] {
  const places = placesOf(name, before)
  const moved: MovedSecret[] = []
  for (const [ciphertext, paths] of placesOf(name, after)) {
    const old = places.get(ciphertext) ?? []
    for (const path of paths) {
      if (!old.includes(path)) moved.push({ path, of: old[0] })
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
