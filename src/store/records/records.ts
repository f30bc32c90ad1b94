import type { FileSystem } from '../../files/index.ts'
import type { AuditRecords } from './audit-records.ts'
import type { Entries, EntryKind } from './entries.ts'
import type { OutboxEvent, OutboxRecords } from './outbox-records.ts'
import type { Postponed } from './postponed.ts'
import type { SharedJobs, SharedQueue } from './shared-jobs.ts'

/** One change of a store, during which nobody else changes the same. */
export interface TransactionRequest {
  /** The environment that is changed. Absent: the store as a whole, such as its list of them. */
  readonly environment?: string
  /** In a transaction of the whole store: an environment that is changed besides. */
  readonly also?: string
  /** The purpose, for others' messages: `append`. */
  readonly purpose: string
  /**
   * True for a change that only the holder of the environment's lock may make: it is refused once
   * another process has taken the lock over. The locks of a folder cannot be taken over.
   */
  readonly underLock?: boolean
  /**
   * The newest revision that whoever asks knows. Where it is the newest here too, what is written
   * may be tried before others are kept from changing the same. If they have, nothing is kept, and
   * `write` is run again: it undoes what must not be done twice (`StoreTransaction.again`).
   */
  readonly base?: number
}

/** A run of a schedule: there is at most one for each attempt. */
export interface ScheduleRun {
  /** Id of the schedule, which is unique in its environment. */
  readonly schedule: string
  /** The instant that the run is for. RFC 3339, UTC. */
  readonly due: string
  readonly attempt: number
}

/**
 * A part of a run. `saved`: its revision. `recorded`: the line in the history that goes with it.
 * `failed`: the line of a run that has saved nothing, and saves nothing any more.
 */
export type RunPart = 'saved' | 'recorded' | 'failed'

/** A transaction that is under way. */
export interface StoreTransaction {
  /**
   * Has something done once what was written is kept: for what must never be ahead of it, such as
   * what this machine remembers. Not called when the transaction fails.
   */
  afterwards(act: () => void): void
  /** Has something undone when nothing was kept, and `write` is about to be run again. */
  again(undo: () => void): void
  /**
   * Makes what is written part of a run. A database keeps one of each part, and refuses the
   * transaction of another with `already_exists`. In a folder, one scheduler runs at a time, and
   * the revisions tell.
   */
  partOf(run: ScheduleRun, part: RunPart): void
  /**
   * Keeps an event for webhooks together with what is written. Absent: the outbox of the store is
   * in the state folder of this machine.
   */
  readonly tell?: (event: OutboxEvent) => void
}

/** Something that is held for longer than a transaction. */
export interface Lock {
  /** Idempotent; never throws. A process that dies releases its locks by being gone. */
  release(): void
}

/** A lock that is wanted, and the reason. */
export type LockRequest = LockedThing & {
  /** The purpose, for others' messages: `rotate`. */
  readonly purpose: string
  /** The time to wait for another holder, in milliseconds. */
  readonly waitMs: number
}

/**
 * One of the things that are locked: `scheduler` is the schedules of the store, `schedule` that of
 * one environment.
 */
export type LockedThing =
  | { readonly kind: 'environment'; readonly id: string; readonly name: string }
  | { readonly kind: 'scheduler' }
  | { readonly kind: 'schedule'; readonly id: string; readonly name: string }
  | { readonly kind: 'webhooks' }

/** Records that servers of one store share besides the store itself, where it is in a database. */
export interface SharedRecords {
  entries(kind: EntryKind): Entries
  readonly audit: AuditRecords
  readonly outbox: OutboxRecords
}

/**
 * The seam below a store: where its bytes are, and who may change them. What they mean (revisions,
 * seals, keys, the chain, tags, merging) is above it, and is the same wherever they are kept.
 *
 * What is read is synchronous: the files of a folder, or a copy of the rows of a database that
 * `refresh`, `transaction` and `lock` bring up to date.
 */
export interface StoreRecords {
  /** `folder`: people edit it, and git keeps it. `database`: several machines use it at once. */
  readonly kind: 'folder' | 'database'
  /** Absolute path of the store's folder. That of a database exists nowhere but in `files`. */
  readonly root: string
  /** Reads what is kept. In a transaction, what was written in it. */
  readonly files: FileSystem
  /**
   * Reads what others have changed. Undefined: what is read is always as new as it can be.
   * @throws EscError `io`.
   */
  refresh(): Promise<void> | undefined
  /**
   * Milliseconds since 1970 at which reading began of what is known of the environment with this
   * id. Undefined: it is read anew each time.
   */
  asOf(id: string): number | undefined
  /**
   * Runs one change while nobody else changes the same, on what is newest. Everything that `write`
   * does to `files` is kept, durably, when this returns. A database keeps all or nothing; a folder
   * keeps each file as it is written, so `write` writes in an order that a crash may cut off.
   * @throws EscError `locked`, `io`; what `write` throws.
   */
  transaction<T>(request: TransactionRequest, write: (transaction: StoreTransaction) => T): Promise<T>
  /**
   * Takes a lock for a change of several steps. What is read afterwards is as new as the lock.
   * @throws EscError `locked`, naming the holder and its purpose.
   */
  lock(request: LockRequest): Promise<Lock>
  /** The journal of the environment with this id. */
  journal(id: string): JournalRecords
  /** Absent for a folder: this machine keeps that in its state folder. */
  readonly shared?: SharedRecords
  /** The jobs that processes with the same store share. Undefined: each process has its own. */
  jobs(queue: SharedQueue): SharedJobs | undefined
  /**
   * Takes what this machine remembers of the store, where that may wait for a second. Absent: it
   * is written at once. What is kept is the truth, and never waits.
   */
  readonly postponed?: Postponed
  /** Releases what is held, writes what was postponed, and ends connections. */
  close(): Promise<void>
}

/**
 * The entries of one environment's journal, each under the name of a file. The content is
 * encrypted by whoever puts it.
 */
export interface JournalRecords {
  /** The place, for messages. */
  readonly folder: string
  /** In no particular order. */
  names(): string[]
  /** Returns the content of an entry. Undefined: there is none. */
  read(name: string): Uint8Array | undefined
  /**
   * Adds or replaces an entry. It is durable when this returns.
   * @throws EscError `io`; `locked` when another process has taken the environment's lock over.
   */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** Returns when the entry is gone for good. Absent: nothing to do. */
  remove(name: string): Promise<void>
  /**
   * Asks whether this process still has the environment's lock: before it changes anything
   * elsewhere on the strength of an entry.
   * @throws EscError `locked` when another process has taken it over.
   */
  requireLock(): Promise<void>
  /** All that `names` lists is durable when this returns, also if its writer was killed. */
  makeDurable(): void
  /** Takes an entry out, and keeps it as it is in the place that is returned. */
  setAside(name: string): Promise<string>
}
