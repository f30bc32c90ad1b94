import type { FileSystem } from '../files/index.ts'
import type { OutboxEvent } from './records/outbox-records.ts'
import type { Author, Change } from './revisions/revision-file.ts'

/** A revision that is about to be appended. Its file will have these bytes and no others. */
export interface ComingRevision {
  /** The file system of the store, which follows no link below its folder. */
  readonly files: FileSystem
  /** Folder of the store. */
  readonly store: string
  /** Folder of what this machine keeps about the store. */
  readonly state: string
  readonly environment: { readonly id: string; readonly name: string }
  readonly number: number
  readonly digest: string
  readonly author: Author
  readonly change: Change
  readonly created: Date
  /** Keeps an event together with the revision. Absent: it is kept on this machine. */
  readonly tell?: (event: OutboxEvent) => void
}

/**
 * Hears of every revision before it gets its name, and after: so that what follows from a revision
 * can be made up for when the process dies in between. Called under the write lock. Must not throw.
 */
export interface RevisionListener {
  appending(revision: ComingRevision): { appended(): void; refused(): void }
}

export const noListener: RevisionListener = { appending: () => ({ appended: () => {}, refused: () => {} }) }
