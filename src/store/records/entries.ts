/** Something that servers of one store keep besides it, under a key of theirs. */
export interface Entry {
  readonly content: Uint8Array
  /** The time when it was last touched, or put. */
  readonly touched: Date
}

/**
 * The kinds of entries: tokens of the server under their digests; and what is encrypted under an id
 * of which the key is the digest.
 */
export type EntryKind = 'token' | 'open-session' | 'console-session' | 'sign-in-link' | 'sign-in'

/** The time when an entry ends, and that when it was last touched. */
export interface EntryTimes {
  /** From then on it may be removed. `undefined`: it stays. */
  readonly ends: Date | undefined
  readonly touched: Date
}

/**
 * Entries of one kind. In a folder they are files of this machine; in a database they are rows,
 * which every server of the store sees at once. Keys are digests in hexadecimal.
 */
export interface Entries {
  /** Adds or replaces an entry. It is kept when this resolves. @throws EscError `io`. */
  put(key: string, content: Uint8Array, times: EntryTimes): Promise<void>
  /** Reads an entry as it is now. `undefined`: there is none. */
  get(key: string): Promise<Entry | undefined>
  /** Removes an entry and returns it: of several who try, one gets it. */
  take(key: string): Promise<Entry | undefined>
  remove(key: string): Promise<void>
  /** Notes that an entry was used, at most once a minute. One that is gone does not come back. */
  touch(key: string, now: Date): Promise<void>
  /** All entries, by their keys. */
  list(): Promise<ReadonlyMap<string, Entry>>
  count(): Promise<number>
  /** Removes entries that have ended. */
  sweep(now: Date): Promise<void>
}

/** The time between two notes that an entry was used, in milliseconds. */
export const touchEveryMs = 60_000
