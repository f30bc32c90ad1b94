import { digestOf } from '../revisions/revision-file.ts'

/** The newest revision this machine has seen of an environment. */
export interface Sighting {
  readonly number: number
  readonly digest: string
  /**
   * Digest of the wrapped data key, empty for none: after a key change every
   * file has another digest.
   */
  readonly key: string
  /** Generation of the sealed settings; absent for none. */
  readonly generation?: number
  /**
   * The commit that was checked out, where the store is in git: it, or one made
   * from it, has the revision.
   */
  readonly commit?: string
  /**
   * The time when names in the folder of the revisions had last changed, in milliseconds since
   * 1970: since then there was no gap among them.
   */
  readonly listed?: number
  /** Name that the environment had. */
  readonly environment?: string
  /**
   * An earlier version saw it, which kept its memory in the store's folder:
   * it spares no comparison.
   */
  readonly inherited?: true
}

/** Returns the name by which a data key is remembered: by what it is wrapped in. Empty: none. */
export function digestOfKey(wrappedDataKey: string | undefined): string {
  return wrappedDataKey === undefined ? '' : digestOf(Buffer.from(wrappedDataKey))
}

/** Further facts about a data key besides. */
export interface KnownKey {
  /** Digest of the wrapped key. */
  readonly key: string
  /** Public key that verifies who had it (`DataKey.signer`). */
  readonly signer: string
  readonly secretsProvider: string
  /** Those who can unwrap it, as far as that is known, such as age recipients. */
  readonly holders: readonly string[]
}

export interface Remembered {
  readonly sightings: Readonly<Record<string, Sighting>>
  /**
   * Digests of the wrapped data keys this machine has seen or made, whatever the
   * branch, the newest last.
   */
  readonly keys: readonly string[]
  /** The newest of them, once it was used. */
  readonly newestKey?: KnownKey
  /**
   * Keys that an earlier version knew. They count until the first is known
   * for sure, and then no more.
   */
  readonly inheritedKeys?: readonly string[]
  /** Milliseconds since 1970 at which it was last written. Absent: by a store in a folder. */
  readonly at?: number
  /**
   * Commits at which a lower revision than elsewhere was found to be right, each with the
   * revision's number: `<commit> <number>`.
   */
  readonly cleared?: readonly string[]
}

/** Something that was seen, and is not written yet. */
export interface Unwritten {
  readonly branch: string
  readonly sighting: Sighting
  /** Milliseconds since 1970 at which it was seen. */
  readonly at: number
}

/** Reads what was written with `formatRemembered`. Anything else is taken for nothing. */
export function parseRemembered(text: string | undefined): Remembered {
  try {
    const content = text === undefined ? undefined : JSON.parse(text)
    if (content?.version === 1) {
      const sightings: Record<string, Sighting> = content.sightings
      const seen = Object.values(sightings).map(({ key }) => key)
      const { keys = seen.filter((key) => key !== ''), ...more } = content
      const { newestKey, inheritedKeys, cleared, at } = more
      return {
        sightings,
        keys,
        ...(newestKey && { newestKey }),
        ...(inheritedKeys && { inheritedKeys }),
        ...(cleared && { cleared }),
        ...(typeof at === 'number' && { at }),
      }
    }
  } catch {}
  return { sightings: {}, keys: [] }
}

export function formatRemembered(remembered: Remembered): string {
  return JSON.stringify({ version: 1, ...remembered })
}

/** The same with what was seen on a branch, and its key. */
export function withSighting({ sightings, keys, ...rest }: Remembered, branch: string, here: Sighting): Remembered {
  const { [branch]: _, ...others } = sightings
  const kept = Object.fromEntries([...withoutLowest(Object.entries(others)), [branch, here]])
  return { ...rest, sightings: kept, keys: withNewestKey(keys, here.key) }
}

/** Another process of this machine may have written more since, which is kept. */
export function withUnwritten(written: Remembered, { branch, sighting, at }: Unwritten): Remembered {
  const { at: writtenAt = 0, sightings, keys } = written
  const there = sightings[branch]
  const isOld = writtenAt > at && there !== undefined && there.number >= sighting.number
  const remembered = isOld
    ? { ...written, keys: withNewestKey(keys, sighting.key) }
    : withSighting(written, branch, sighting)
  return { ...remembered, at: Math.max(writtenAt, at) }
}

/** At most 99: the highest say the most. */
function withoutLowest(sightings: readonly [string, Sighting][]): readonly [string, Sighting][] {
  if (sightings.length < 100) return sightings
  const lowest = Math.min(...sightings.map(([, { number }]) => number))
  const at = sightings.findIndex(([, { number }]) => number === lowest)
  return withoutLowest(sightings.filter((_, index) => index !== at))
}

/** At most 100, the newest last. */
export function withNewestKey(keys: readonly string[], key: string): readonly string[] {
  return key === '' || keys.includes(key) ? keys : [...keys.slice(-99), key]
}
