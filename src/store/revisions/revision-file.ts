import { hash } from 'node:crypto'
import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { rich, step } from '../../rich-text.ts'
import { limitOf } from '../limits.ts'

export interface Author {
  readonly name: string
  readonly email?: string
}

/**
 * The kind of a change; the known ones are listed so that readers can tell them apart,
 * others are kept as they are.
 */
export type Change = 'create' | 'edit' | 'set' | 'remove' | 'rotate' | 'rollback' | 'save' | (string & {})

/** The first document of a revision file. */
export interface RevisionRecord {
  readonly number: number
  readonly created: Date
  readonly author: Author
  readonly change: Change
  /** Digest of the file of the revision before it. Absent for revision 1. */
  readonly previous?: string
  /** Further fields, such as which revision a rollback restored. */
  readonly details: Readonly<Record<string, string>>
}

/** A revision as it was read. */
export interface Revision extends RevisionRecord {
  /** Exactly the text that was appended. */
  readonly definition: string
  /** MAC over everything else in the file. Absent: made before the environment had a key. */
  readonly seal?: string
  /** `sha256:` and base64url, over the whole file. */
  readonly digest: string
  readonly file: string
}

const separator = '---\n'
const ownFields = new Set(['revision', 'created', 'author', 'change', 'previous', 'seal'])

/**
 * A revision file: a YAML stream of two documents, the record and the definition byte for byte. The
 * seal is the last line of the record and covers every other byte.
 *
 * @throws EscError `invalid_input` for what is no Unicode; `limit_exceeded`.
 */
export function formatRevision(
  record: RevisionRecord,
  definition: string,
  seal?: (sealedBytes: Uint8Array) => string,
): Uint8Array {
  if (/\p{Surrogate}/u.test(definition)) {
    throw new EscError('invalid_input', 'the definition is not valid Unicode text: it holds half a surrogate pair')
  }
  const { number, created, author, change, previous, details } = record
  for (const key of Object.keys(details)) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(key) || ownFields.has(key))
      throw new Error(`a record cannot have the detail ${key}`)
  }
  const lines = [
    `revision: ${number}`,
    `created: ${created.toISOString()}`,
    `author: ${scalar(formatAuthor(author))}`,
    `change: ${scalar(change)}`,
    ...Object.entries(details).map(([key, value]) => `${key}: ${scalar(value)}`),
    ...(previous === undefined ? [] : [`previous: ${previous}`]),
  ]
  const head = lines.map((line) => `${line}\n`).join('')
  const sealLine = seal ? `seal: ${seal(Buffer.from(head + separator + definition))}\n` : ''
  const bytes = Buffer.from(head + sealLine + separator + definition)
  refuseUnreadable(bytes.length)
  return bytes
}

/** Readers refuse what is larger: such a revision would take its environment out of use. */
function refuseUnreadable(size: number): void {
  const most = limitOf('revision.yaml')
  if (size <= most) return
  throw new EscError('limit_exceeded', `the revision would have ${size} bytes, more than the ${most} that esc reads`, {
    hint: 'take out what is not needed, such as long comments, or split the environment and import the parts',
  })
}

/** A revision with the bytes that it was read from. */
interface Parsed {
  readonly bytes: Uint8Array
  readonly revision: Revision
}

/** The revisions that were read last, by their files: a server reads the same over and over. */
const parsed = new Map<string, Parsed>()
/** Bytes of files of those that are in memory at most. */
const mostBytes = 8 << 20
let parsedBytes = 0

/**
 * Returns the same object for the same bytes, as long as it is known.
 *
 * @throws EscError `store_damaged`, naming the file and line.
 */
export function parseRevision(bytes: Uint8Array, file: string, number: number): Revision {
  const known = parsed.get(file)
  if (known?.revision.number === number && Buffer.compare(known.bytes, bytes) === 0) return known.revision
  const revision = readRevision(bytes, file, number)
  // A part of an archive would keep all of it in memory.
  if (bytes.buffer.byteLength > bytes.length + (16 << 10)) return revision
  parsedBytes += bytes.length - (known?.bytes.length ?? 0)
  parsed.delete(file)
  parsed.set(file, { bytes, revision })
  for (const [oldest, { bytes: those }] of parsed) {
    if (parsedBytes <= mostBytes) break
    parsed.delete(oldest)
    parsedBytes -= those.length
  }
  return revision
}

function readRevision(bytes: Uint8Array, file: string, number: number): Revision {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headEnd = buffer.indexOf(`\n${separator}`) + 1
  if (headEnd === 0) throw damaged(file, buffer)
  const head = buffer.toString('utf8', 0, headEnd)
  const fields: Record<string, string> = Object.create(null)
  let sealStart = headEnd
  let offset = 0
  let index = 0
  for (const line of head.slice(0, -1).split('\n')) {
    index++
    const colon = line.indexOf(': ')
    const field = line.slice(0, Math.max(colon, 0))
    const value = isFieldName(field) && !endsLines(line) ? unscalar(line.slice(colon + 2)) : undefined
    // Nothing may follow the seal, and nothing may be said twice: readers of the YAML and we
    // must agree on every field.
    if (value === undefined || field in fields || 'seal' in fields) throw damaged(file, buffer, index)
    if (field === 'seal') sealStart = offset
    fields[field] = value
    offset += Buffer.byteLength(line) + 1
  }
  const { revision, created, author, change, previous, seal, ...details } = fields
  const date = new Date(created ?? '')
  if (revision !== String(number) || Number.isNaN(date.getTime()) || author === undefined || change === undefined) {
    throw new EscError('store_damaged', `${file} is not the record of revision ${number}`, { hint: restoreHint })
  }
  const read: Revision = {
    number,
    created: date,
    author: parseAuthor(author),
    change,
    previous,
    seal,
    details,
    definition: buffer.toString('utf8', headEnd + separator.length),
    digest: digestOf(bytes),
    file,
  }
  sealedParts.set(read, { buffer, sealStart, headEnd })
  return read
}

/** True for a line that some reader takes for more than one. */
function endsLines(line: string): boolean {
  return line.includes('\r') || line.includes('\u2028') || line.includes('\u2029')
}

/**
 * Letters and digits, the first a small letter. Without a regular expression: compiling it takes
 * longer than a file has lines.
 */
function isFieldName(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isSmall = code >= 0x61 && code <= 0x7a
    const isOther = (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39)
    if (!(isSmall || (isOther && at > 0))) return false
  }
  return text !== ''
}

/**
 * The bytes that the seal of a revision covers: those before the seal, and from the end of the
 * record on. Kept beside the revisions, not in them, so that they stay plain data that can be
 * printed.
 */
const sealedParts = new WeakMap<
  Revision,
  { readonly buffer: Buffer; readonly sealStart: number; readonly headEnd: number }
>()

/** Returns the bytes that the seal of a revision covers: all of its file but the seal. */
export function sealedBytesOf(revision: Revision): Uint8Array {
  const { buffer, sealStart, headEnd } = present(sealedParts.get(revision))
  return Buffer.concat([buffer.subarray(0, sealStart), buffer.subarray(headEnd)])
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'base64url')}`
}

const restoreHint = 'restore the file from the git history'

function damaged(file: string, content: Buffer, line?: number): EscError {
  const place = line === undefined ? file : `${file}:${line}`
  if (content.includes('<<<<<<< ') && /^<{7,} /m.test(content.toString())) {
    return new EscError('store_damaged', `${place} holds an unfinished git merge: both sides made this revision`, {
      hint: rich`${step('put the two sides in order', { do: 'renumber-revisions' })}`,
    })
  }
  if (content.includes('\r\n---\r\n')) {
    return new EscError('store_damaged', `${place}: the line endings of the file were changed`, {
      hint: "turn off the conversion (the store's .gitattributes does) and check the file out again",
    })
  }
  return new EscError('store_damaged', `${place} is not a revision record`, { hint: restoreHint })
}

/** One line of YAML that every reader takes for the same string. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_](?:[\w .@<>+/=-]|:(?=\S))*$/.test(text) && !text.endsWith(' ')
  return plain && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : quoted(text)
}

/** JSON leaves bare some characters that end a line of YAML or cannot be printed there. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function unscalar(text: string): string | undefined {
  if (!text.startsWith('"')) return text
  try {
    const value = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

export function formatAuthor({ name, email }: Author): string {
  const clean = (text: string) => text.replace(/[<>\p{Cc}]/gu, '').trim()
  return email ? `${clean(name)} <${clean(email)}>` : clean(name)
}

export function parseAuthor(text: string): Author {
  const start = text.lastIndexOf('<')
  if (start === -1 || text.indexOf('>', start) !== text.length - 1) return { name: text }
  const end = text[start - 1] === ' ' ? start - 1 : start
  return { name: text.slice(0, end), email: text.slice(start + 1, -1) }
}

/**
 * True when a revision is one that had another number, and so another digest, before histories were
 * merged (`docs/store.md`, “Merging with git”).
 */
export function cameFrom({ details }: Pick<Revision, 'details'>, digest: string): boolean {
  return details.origin === digest || details.earlierOrigins?.split(' ').includes(digest) === true
}
