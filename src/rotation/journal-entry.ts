import { createHash } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { Secret } from '../secret.ts'

/**
 * The record that a cut-off rotation leaves for the next run. Encrypted by the store
 * before it reaches the disk.
 */
export interface JournalEntry {
  /** Document path of the rotator, such as `values.db`. */
  readonly path: string
  /** Name of the rotator. */
  readonly rotator: string
  /** RFC 3339, UTC. */
  readonly startedAt: string
  /** The revision that the record was made from. */
  readonly revision: number
  /** Digest of that revision's file. Absent in entries of earlier versions. */
  readonly digest?: string
  /**
   * The rotator's own record. Absent: the rotation is committed, and only superseded
   * credentials are left to retire.
   */
  readonly pending?: PlainObject
  /** Former states that may name credentials which are still to be retired, oldest first. */
  readonly superseded: readonly PlainObject[]
}

/**
 * One entry a path: a path has at most one unfinished rotation, and staging
 * again replaces the record.
 */
export function journalEntryId(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 32)
}

/** JSON bytes; secrets are revealed and marked. */
export function encodeJournalEntry(entry: JournalEntry): Uint8Array {
  const { path, rotator, startedAt, revision, digest, pending, superseded } = entry
  const marked = { ...(pending && { pending: mark(pending) }), superseded: superseded.map(mark) }
  return Buffer.from(JSON.stringify({ version: 1, path, rotator, startedAt, revision, digest, ...marked }))
}

export function decodeJournalEntry(bytes: Uint8Array): JournalEntry {
  const { version, path, rotator, startedAt, revision, digest, pending, superseded } = JSON.parse(
    Buffer.from(bytes).toString('utf8'),
  )
  if (version !== 1) {
    throw new EscError(
      'store_damaged',
      `The journal holds a record of version ${version}, which this esc cannot read`,
      {
        hint: 'finish the interrupted rotation with the newer esc that began it',
      },
    )
  }
  return {
    path,
    rotator,
    startedAt,
    revision,
    ...(typeof digest === 'string' && { digest }),
    ...(pending && { pending: unmark(pending) as PlainObject }),
    superseded: superseded.map(unmark),
  }
}

type Marked = null | boolean | number | string | ['secret' | 'list', ...Marked[]] | { [key: string]: Marked }

function mark(value: Plain): Marked {
  if (value instanceof Secret) return ['secret', mark(value.reveal())]
  if (isList(value)) return ['list', ...value.map(mark)]
  if (value === null || typeof value !== 'object') return value
  const marked: { [key: string]: Marked } = Object.create(null)
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) marked[key] = mark(member)
  }
  return marked
}

function unmark(value: Marked): Plain {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const [kind, ...members] = value
    return kind === 'secret' ? new Secret(unmark(members[0] as Marked)) : members.map(unmark)
  }
  const plain: Record<string, Plain> = Object.create(null)
  for (const [key, member] of Object.entries(value)) plain[key] = unmark(member)
  return plain
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}
