import { EscError } from '../../errors.ts'

const suffix = '.entry'
const magic = { earlier: 'esc-journal-v1', now: 'esc-journal-v2' } as const

/** The name of an entry's file, taken apart. */
export interface EntryName {
  readonly file: string
  readonly id: string
  /** The mark of the data key that it is encrypted under (`DataKey.mark`). */
  readonly mark?: string
  /**
   * Identity of the store that an entry of an earlier version was moved from, which has no mark.
   */
  readonly movedFrom?: string
}

/**
 * The owner of an entry, for people: it can be read without a key, and nothing is decided by it
 * alone.
 */
export interface EntryOrigin {
  /** Real folder of the store that it was made in. */
  readonly store?: string
  /** Name of the environment there. */
  readonly environment?: string
  /** Name of the file in the same folder that this entry has taken the place of. */
  readonly replaces?: string
}

export interface EntryFile {
  readonly origin: EntryOrigin
  /** Text that the ciphertext is bound to, besides the id: what the file says of its origin. */
  readonly bound: string
  readonly ciphertext: Uint8Array
}

/**
 * `marked`: 16 hex digits for the data key, or 32 for the store that an entry of an
 * earlier version was moved from.
 */
export function entryFile(id: string, marked: string): string {
  const name = encodeId(id)
  if (id === '' || name.length > 200) throw new EscError('invalid_input', `'${id}' cannot be the id of a journal entry`)
  return `${name}.${marked}${suffix}`
}

/** The entries among the files of a journal's folder, sorted. */
export function entryNames(files: readonly string[]): EntryName[] {
  return [...files].sort().flatMap((file): EntryName[] => {
    const [, name, marked] = /^([^.]+)(?:\.([0-9a-f]{16}|[0-9a-f]{32}))?\.entry$/.exec(file) ?? []
    if (name === undefined) return []
    const origin = marked === undefined ? {} : marked.length === 16 ? { mark: marked } : { movedFrom: marked }
    return [{ file, id: decodeId(name), ...origin }]
  })
}

/** `encrypt` is given the text that the ciphertext is to be bound to, besides the id. */
export function formatEntry(origin: EntryOrigin, encrypt: (bound: string) => Uint8Array): Uint8Array {
  const bound = JSON.stringify(origin)
  return Buffer.concat([Buffer.from(`${magic.now}\n${bound}\n`), encrypt(bound)])
}

/** `undefined` when that is no entry, or one of a version to come. */
export function parseEntry(bytes: Uint8Array): EntryFile | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [first, rest] = lineOf(buffer)
  if (first === magic.earlier) return { origin: {}, bound: '', ciphertext: rest }
  if (first !== magic.now) return undefined
  const [second, ciphertext] = lineOf(rest)
  try {
    return { origin: JSON.parse(second), bound: second, ciphertext }
  } catch {
    return undefined
  }
}

/** Everything an entry's encryption is bound to. Earlier versions bound it to the id alone. */
export function entryContextOf(id: string, bound: string): string {
  return bound === '' ? id : `${id}\n${bound}`
}

function lineOf(bytes: Buffer): [string, Buffer] {
  const end = bytes.indexOf('\n')
  return end < 0 ? ['', bytes] : [bytes.toString('utf8', 0, end), bytes.subarray(end + 1)]
}

/**
 * A file name that differs from every other id's, also where file systems take
 * `A` and `a` for the same.
 */
function encodeId(id: string): string {
  return encodeURIComponent(id).replace(/%[0-9A-F]{2}|[A-Z.*]/g, (text) =>
    text.length === 1 ? `%${text.charCodeAt(0).toString(16).toUpperCase()}` : text,
  )
}

function decodeId(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
