import type { DataKey } from '../../keys/index.ts'
import { digestOf, formatRevision, type Revision, type RevisionRecord } from './revision-file.ts'

/** Ways in and out of ciphertext. */
export interface CipherPair {
  /** Gets raw ciphertext, without its envelope. */
  readonly decrypt: (ciphertext: Uint8Array) => string
  readonly encrypt: (plaintext: string) => Uint8Array
}

/**
 * Puts another ciphertext in the place of each in a definition, and changes nothing else (unless
 * the caller wants more changed, as a clone that drops the state of rotators). The store knows no
 * language, so its callers bring this. It must go through the secrets of a text in the same order
 * each time, and may be called more than once for a revision.
 */
export type Reencrypt = (definition: string, ciphers: CipherPair, revision: RevisionRecord) => string

export interface Resealed {
  readonly bytes: Uint8Array
  readonly definition: string
}

/**
 * A history made anew under another key: every definition re-encrypted, every record with
 * its author, time, change and details, numbers and chain as asked. `revisions` are in
 * ascending order and verified.
 */
export function* reseal(
  revisions: Iterable<Revision>,
  options: {
    readonly from: DataKey | undefined
    readonly to: DataKey
    readonly reencrypt: Reencrypt
    /** The revision that the first of these follows. Default: none, they begin at 1. */
    readonly after?: { readonly number: number; readonly digest: string }
    /** Changes the record. */
    readonly record?: (revision: Revision) => Partial<RevisionRecord>
  },
): Generator<Resealed> {
  const ciphers = cipherPair(options.from, options.to)
  let { number, digest: previous } = options.after ?? { number: 0, digest: undefined }
  for (const revision of revisions) {
    const definition = options.reencrypt(revision.definition, ciphers, revision)
    const { created, author, change, details } = { ...revision, ...options.record?.(revision) }
    number++
    const record = { number, created, author, change, details, previous }
    const bytes = formatRevision(record, definition, (sealed) => options.to.seal('revision', sealed))
    previous = digestOf(bytes)
    yield { bytes, definition }
  }
}

/**
 * `from` is undefined for an environment without a key, whose definitions hold
 * no ciphertext of its own.
 */
export function cipherPair(from: DataKey | undefined, to: DataKey): CipherPair {
  return {
    decrypt: (ciphertext) => {
      if (from === undefined) throw new Error('an environment without a data key holds a ciphertext')
      return from.decrypt(ciphertext)
    },
    encrypt: (plaintext) => to.encrypt(plaintext),
  }
}
