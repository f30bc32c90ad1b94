import { randomUUID } from 'node:crypto'
import { EscError } from '../../errors.ts'
import type { FileSystem } from '../../files/index.ts'
import type { EntryKind } from '../records/entries.ts'
import type { OutboxEvent } from '../records/outbox-records.ts'
import { Postponed } from '../records/postponed.ts'
import type {
  JournalRecords,
  Lock,
  LockRequest,
  RunPart,
  ScheduleRun,
  SharedRecords,
  StoreRecords,
  StoreTransaction,
  TransactionRequest,
} from '../records/records.ts'
import type { SharedJobs, SharedQueue } from '../records/shared-jobs.ts'
import { addingStatement, withAdded } from './append-rows.ts'
import { BossJobs, type JobTiming, SharedBoss } from './boss-jobs.ts'
import type { PostgresDatabase, Statements } from './connection.ts'
import { DatabaseAudit } from './database-audit.ts'
import { DatabaseEntries } from './database-entries.ts'
import { DatabaseJournal, lockLost } from './database-journal.ts'
import { DatabaseOutbox } from './database-outbox.ts'
import { Leases, type LeaseTiming, leaseName } from './leases.ts'
import { limits } from './limits.ts'
import { Replica } from './replica.ts'
import { keepRun } from './schedule-runs.ts'
import { SharedAdditions } from './shared-additions.ts'
import type { Bytes } from './tree.ts'
import { TreeFiles } from './tree-files.ts'
import { type KeptChange, writeEnvironmentRows, writeStoreFiles } from './write-rows.ts'
import { type Written, writtenBy } from './written-changes.ts'

interface PostgresRecordsOptions {
  readonly database: PostgresDatabase
  /** Path of the store's folder, which exists nowhere: for messages, and for what is beside it. */
  readonly root: string
  /** The same for every address of the database. */
  readonly identity: string
  /** For paths that are not below `root`. */
  readonly outside: FileSystem
  readonly sleep: (ms: number) => Promise<void>
  readonly timing?: LeaseTiming
  readonly jobTiming?: JobTiming
}

type Act<T> = Parameters<typeof PostgresDatabase.prototype.transaction<T>>[1]

/** Everything that a transaction has kept. */
interface Kept {
  readonly environments: readonly KeptChange[]
  readonly storeVersion: number | undefined
}

/**
 * A store in PostgreSQL. Its rows are read as files of a copy in memory. A transaction is one of
 * the database, in which the row of the environment is locked; or one statement that adds rows to
 * an environment which has not changed since it was read.
 */
export class PostgresRecords implements StoreRecords {
  readonly kind = 'database'
  readonly files: TreeFiles
  readonly root: string
  readonly postponed = new Postponed()
  readonly #database: PostgresDatabase
  readonly #replica: Replica
  readonly #additions: SharedAdditions
  readonly #leases: Leases
  readonly #entries = new Map<EntryKind, DatabaseEntries>()
  readonly shared: SharedRecords
  readonly #outbox: DatabaseOutbox
  readonly #boss: SharedBoss
  /** The time at which the last whole reading began. */
  #readMs = 0
  #reading: Promise<void> | undefined
  #nextReading: Promise<void> | undefined

  constructor({ database, root, identity, outside, sleep, timing, jobTiming }: PostgresRecordsOptions) {
    this.root = root
    this.#database = database
    this.files = new TreeFiles({ root, identity, outside })
    this.#replica = new Replica(this.files.tree, database.schema)
    this.#additions = new SharedAdditions(database)
    this.#leases = new Leases(database, sleep, timing)
    this.#outbox = new DatabaseOutbox(database)
    this.#boss = new SharedBoss(database, jobTiming)
    const audit = new DatabaseAudit(database)
    this.shared = { entries: (kind) => this.#entriesOf(kind), audit, outbox: this.#outbox }
  }

  /**
   * Whoever asks while one reading is under way waits for the next, which begins after the
   * question: all that wait share it.
   */
  refresh(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    this.#nextReading ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#nextReading = undefined
        return this.refresh()
      })
    return this.#nextReading
  }

  asOf(id: string): number {
    return Math.max(this.#readMs, this.#replica.lockedMs(id))
  }

  async transaction<T>(request: TransactionRequest, write: (transaction: StoreTransaction) => T): Promise<T> {
    const tried = await this.#tryAdding(request, write)
    if (tried !== undefined) return tried.result
    const { environment, also, purpose, underLock } = request
    const { transaction, later, runs, told } = wishes()
    const act: Act<{ result: T; changes: Written; kept: Kept }> = async (statements, begun, first) => {
      if (environment === undefined) await this.#replica.readAll(statements, (id) => this.#isOwn(id))
      const locked = environment ?? also
      if (locked !== undefined) {
        const rows = environment === undefined ? await statements.run(this.#replica.lockingStatement(locked)) : first
        await this.#replica.takeLocked(statements, locked, rows)
      }
      const id = environment === undefined ? undefined : this.#replica.at(environment)?.id
      if (underLock && id !== undefined) await this.#requireLease(statements, id)
      const token = randomUUID()
      begun(token)
      const { result, changes } = this.files.tree.attempt(
        () => write(transaction),
        (made) => writtenBy(made, this.files.tree, this.#replica),
      )
      for (const each of runs) await keepRun(statements, this.#database.schema, { ...each, id: id ?? '' })
      await this.#outbox.tell(statements, told)
      return { result, changes, kept: await this.#keep(statements, { changes, purpose, token }) }
    }
    const begin =
      environment === undefined
        ? this.#beginStore()
        : `begin; ${limits}; ${this.#replica.lockingStatement(environment)}`
    const { result, changes, kept } = await this.#database.transaction(begin, act)
    for (const each of kept.environments) {
      if ('kept' in each) this.#replica.keep(each.kept, changes.added)
      else this.#replica.drop(each.gone)
    }
    if (kept.storeVersion !== undefined) this.#replica.keepStoreFiles(changes.storeFiles, kept.storeVersion)
    for (const path of changes.gone) this.files.tree.installFile(path, undefined)
    if (told.length > 0) this.#outbox.told()
    for (const act of later) act()
    return result
  }

  /**
   * Tries to add rows to an environment with one statement, which compares and appends: a third of
   * the round trips. `undefined`: nothing was kept, since somebody else was first, or more is to be
   * done than that.
   */
  async #tryAdding<T>(
    { environment, base, underLock }: TransactionRequest,
    write: (transaction: StoreTransaction) => T,
  ): Promise<{ readonly result: T } | undefined> {
    if (environment === undefined || base === undefined || underLock) return undefined
    if (this.#replica.at(environment)?.newest !== base) return undefined
    const { transaction, later, undo, runs, told } = wishes()
    const { result, changes } = this.files.tree.attempt(
      () => write(transaction),
      (made) => writtenBy(made, this.files.tree, this.#replica),
    )
    const { added, gone } = changes
    if (added !== undefined && runs.length === 0) {
      const askedMs = Date.now()
      if (await this.#additions.add(added, told)) {
        this.#replica.keep(withAdded(added), added)
        this.#replica.wasNewest(added.before.id, askedMs)
        for (const path of gone) this.files.tree.installFile(path, undefined)
        if (told.length > 0) this.#outbox.told()
        for (const act of later) act()
        return { result }
      }
    }
    for (const act of undo) act()
    return undefined
  }

  async lock(request: LockRequest): Promise<Lock> {
    const lock = await this.#leases.take(request)
    try {
      await this.refresh()
      if (request.kind === 'environment') await this.#replica.readJournal(this.#database, request.id)
      return lock
    } catch (error) {
      lock.release()
      throw error
    }
  }

  journal(id: string): JournalRecords {
    const folder = `${this.root}/.journal/${id}`
    const { entries, database, leases } = {
      entries: this.#replica.journal(id),
      database: this.#database,
      leases: this.#leases,
    }
    return new DatabaseJournal({ database, leases, id, folder, entries })
  }

  jobs(queue: SharedQueue): SharedJobs {
    return new BossJobs(this.#boss, queue)
  }

  /** Ends the leases of this process, and all connections, and writes what was postponed. */
  async close(): Promise<void> {
    this.postponed.flush()
    await this.#leases.settled()
    await this.#database.close()
  }

  /** The same for all that ask, since their questions are asked together. */
  #entriesOf(kind: EntryKind): DatabaseEntries {
    const entries = this.#entries.get(kind) ?? new DatabaseEntries(this.#database, kind)
    this.#entries.set(kind, entries)
    return entries
  }

  /** Nobody can take the lease over before the transaction has ended. */
  async #requireLease(statements: Statements, id: string): Promise<void> {
    const name = leaseName({ kind: 'environment', id })
    const held = await statements.run(
      `select 1 from ${this.#database.schema}.lease
       where name = $1 and token = $2 and expires > '-infinity' for share`,
      [name, this.#leases.tokenOf(name) ?? 0],
    )
    if (held.length === 0) throw lockLost()
  }

  #isOwn(id: string): boolean {
    return this.#leases.tokenOf(`environment+${id}`) !== undefined
  }

  async #read(): Promise<void> {
    let begunMs = Date.now()
    const isBehind = await this.#database.patiently(() => this.#replica.isBehind(this.#database))
    if (isBehind) {
      await this.#database.transaction('begin isolation level repeatable read read only', (statements) => {
        begunMs = Date.now()
        return this.#replica.readAll(statements, (id) => this.#isOwn(id))
      })
    }
    this.#readMs = begunMs
  }

  /**
   * One transaction of the whole store at a time. The lock comes before the first query, so the
   * transaction sees what the transaction before has done.
   */
  #beginStore(): string {
    return `begin isolation level repeatable read; ${limits}; lock table ${this.#database.schema}.store in share row exclusive mode`
  }

  async #keep(
    statements: Statements,
    { changes, purpose, token }: { readonly changes: Written; readonly purpose: string; readonly token: string },
  ): Promise<Kept> {
    const { schema } = this.#database
    const { added, environments, storeFiles } = changes
    if (added !== undefined) {
      const { statement, values } = addingStatement(schema, [{ token, rows: added }])
      if ((await statements.run(statement, values)).length === 0) throw overtaken(added.before.place, purpose)
      return { environments: [{ kept: withAdded(added) }], storeVersion: undefined }
    }
    await statements.run(`insert into ${schema}.committed (token) values ($1)`, [token])
    const kept: KeptChange[] = []
    // What has moved has left a place and come to another, with the same id.
    const moved = new Map<string, string>()
    for (const [place, files] of environments) {
      const before = this.#replica.at(place)
      if (files === undefined && before !== undefined) moved.set(before.id, place)
    }
    for (const [place, files] of environments) {
      if (files === undefined) continue
      const id = idIn(files)
      const from = moved.get(id)
      moved.delete(id)
      const before = this.#replica.at(from ?? place)
      if (before !== undefined && before.id !== id) throw new Error(`the environment at ${place} has another id`)
      const change = await writeEnvironmentRows(statements, schema, { before, after: { place, files } })
      if (change === undefined) throw overtaken(place, purpose)
      kept.push(change)
    }
    for (const place of moved.values()) {
      const change = await writeEnvironmentRows(statements, schema, {
        before: this.#replica.at(place),
        after: undefined,
      })
      if (change === undefined) throw overtaken(place, purpose)
      kept.push(change)
    }
    const storeVersion = storeFiles.size === 0 ? undefined : await writeStoreFiles(statements, schema, storeFiles)
    return { environments: kept, storeVersion }
  }
}

/** Collects what a change asks for beside what it does to files. */
function wishes() {
  const later: (() => void)[] = []
  const undo: (() => void)[] = []
  const runs: { readonly run: ScheduleRun; readonly part: RunPart }[] = []
  const told: OutboxEvent[] = []
  const transaction: StoreTransaction = {
    afterwards: (act) => void later.push(act),
    again: (act) => void undo.push(act),
    partOf: (run, part) => void runs.push({ run, part }),
    tell: (event) => void told.push(event),
  }
  return { transaction, later, undo, runs, told }
}

function idIn(files: ReadonlyMap<string, Bytes>): string {
  const text = Buffer.from(files.get('settings.yaml') ?? []).toString()
  return /^id: *["']?([0-9A-Za-z-]{8,64})/m.exec(text)?.[1] ?? ''
}

function overtaken(place: string, purpose: string): EscError {
  return new EscError('conflict', `${place} was changed by somebody else meanwhile (${purpose})`, { hint: 'try again' })
}
