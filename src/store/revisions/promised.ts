import { isJsonObject } from '../../json.ts'
import type { Sighting } from '../keys/remembered.ts'
import type { Settings } from '../settings/settings.ts'
import type { Revision } from './revision-file.ts'

/** Digests that the newest revision vouches for, from its own down to that of `lowest`. */
export interface Chain {
  readonly digests: Map<number, string>
  lowest: Revision
}

/**
 * True when a revision is as new as the settings promise, and the one that they name where it is
 * unsealed.
 */
export function isPromised({ number, definition, digest }: Revision, settings: Settings): boolean {
  const { sealedFrom, sealedAfter } = settings
  if (sealedFrom === undefined) return true
  if (number < newestNamed(settings)) return false
  // The seals of the others are checked with the key.
  if (number >= sealedFrom) return true
  if (number < sealedFrom - 1) return false
  return sealedAfter === undefined ? definition.trim() === '' : digest === sealedAfter
}

/**
 * The highest number that a tag or a retraction speaks of. 0: none. The newest
 * revision cannot be retracted.
 */
export function newestNamed(settings: Settings): number {
  const tags = settings.get('revisionTags')
  const retractions = settings.get('retractions')
  const numbers = [0]
  if (isJsonObject(tags)) {
    for (const tag of Object.values(tags)) numbers.push(Number(isJsonObject(tag) ? tag.revision : tag))
  }
  if (isJsonObject(retractions)) for (const retracted of Object.keys(retractions)) numbers.push(Number(retracted) + 1)
  // What is no number is damage, which those who use tags report.
  return Math.max(...numbers.filter(Number.isSafeInteger))
}

export function sameSighting(one: Sighting, other: Sighting): boolean {
  return (
    !one.inherited &&
    one.number === other.number &&
    one.digest === other.digest &&
    one.key === other.key &&
    (one.generation ?? 0) === (other.generation ?? 0)
  )
}
