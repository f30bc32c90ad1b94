import type { Row, Statements } from './connection.ts'
import { type EnvironmentFiles, type EnvironmentRows, filesOf, type KeptEnvironment, rowsOf } from './rows.ts'
import type { Bytes, Tree } from './tree.ts'

interface Head {
  readonly id: string
  /** Null: it was taken back, or is gone for good. */
  readonly place: string | null
  readonly settings: string
  readonly newest: number
  readonly version: number
  readonly generation: number
}

/** The changes that there are, as far as the heads tell. */
interface Changes {
  readonly heads: readonly Head[]
  readonly storeVersion: number
  readonly horizon: string
  readonly unfinished: boolean
}

/** A copy of the rows of a store in the memory of this process, in the form of files. */
export class Replica {
  readonly #tree: Tree
  readonly #schema: string
  readonly #kept = new Map<string, KeptEnvironment>()
  readonly #places = new Map<string, string>()
  readonly #journals = new Map<string, Map<string, Bytes>>()
  readonly #lockedMs = new Map<string, number>()
  #storeFiles: readonly string[] = []
  #storeVersion = -1
  /** Transactions from this one on may hold what was not read yet. */
  #horizon = '0'

  constructor(tree: Tree, schema: string) {
    this.#tree = tree
    this.#schema = schema
  }

  /** The environment that is kept at a place. Undefined: there is none. */
  at(place: string): KeptEnvironment | undefined {
    const id = this.#places.get(place)
    return id === undefined ? undefined : this.#kept.get(id)
  }

  /** The journal of the environment with this id, by the names of entries. */
  journal(id: string): Map<string, Bytes> {
    let journal = this.#journals.get(id)
    if (journal === undefined) {
      journal = new Map()
      this.#journals.set(id, journal)
    }
    return journal
  }

  /** True for a file of the store as a whole. */
  hasStoreFile(path: string): boolean {
    return this.#storeFiles.includes(path)
  }

  /** True when there is something that was not read yet. One statement. */
  async isBehind(statements: Statements): Promise<boolean> {
    const { heads, storeVersion, unfinished, horizon } = await this.#changes(statements)
    const hasEntries = [...this.#journals.values()].some(({ size }) => size > 0)
    if (storeVersion !== this.#storeVersion || unfinished || hasEntries) return true
    if (heads.some((head) => this.#isNew(head))) return true
    this.#horizon = horizon
    return false
  }

  /**
   * Reads everything that has changed, in a transaction that sees one state of the database.
   * `isOwn`: true for journals that only this process changes now, which are known better here.
   */
  async readAll(statements: Statements, isOwn: (id: string) => boolean): Promise<void> {
    const { heads, storeVersion, horizon } = await this.#changes(statements)
    await this.#readEnvironments(
      statements,
      heads.filter((head) => this.#isNew(head)),
    )
    if (storeVersion !== this.#storeVersion) await this.#readStoreFiles(statements, storeVersion)
    await this.#readJournals(statements, isOwn)
    this.#horizon = horizon
  }

  /** Milliseconds since 1970 at which the environment was last read alone; 0: never. */
  lockedMs(id: string): number {
    return this.#lockedMs.get(id) ?? 0
  }

  /** Takes note that the environment was known as it was then, in milliseconds since 1970. */
  wasNewest(id: string, atMs: number): void {
    this.#lockedMs.set(id, atMs)
  }

  /**
   * The statement that locks the row of one environment, and reads it: for `takeLocked`. It has no
   * values, so that it can be sent with those that begin the transaction.
   */
  lockingStatement(place: string): string {
    if (!/^[A-Za-z0-9._/-]+$/.test(place)) throw new Error(`${JSON.stringify(place)} is not a place of an environment`)
    return `select id, place, settings, newest, version, generation from ${this.#schema}.environment
       where place = '${place}' for no key update`
  }

  /**
   * Reads what has changed of one environment, whose row the transaction has locked.
   *
   * @param rows those that the locking statement has returned.
   */
  async takeLocked(statements: Statements, place: string, [row]: readonly Row[]): Promise<void> {
    const lockedMs = Date.now()
    if (row === undefined) {
      this.#place(this.#places.get(place), undefined)
      return
    }
    const head = row as unknown as Head
    this.#lockedMs.set(head.id, lockedMs)
    if (this.#isNew(head)) await this.#readEnvironments(statements, [head])
  }

  /** Reads the journal of one environment. */
  async readJournal(statements: Statements, id: string): Promise<void> {
    const rows = await statements.run(`select entry, content from ${this.#schema}.journal where environment = $1`, [id])
    const journal = this.journal(id)
    journal.clear()
    for (const { entry, content } of rows) journal.set(entry as string, content as Bytes)
  }

  /**
   * Takes over what a transaction of this process has made of an environment.
   *
   * @param added the files in which it differs from `before`, where it is that with more added.
   */
  keep(
    environment: KeptEnvironment,
    added?: { readonly before: KeptEnvironment; readonly changed: EnvironmentFiles },
  ): void {
    const known = this.#kept.get(environment.id)
    if (known !== undefined && known.version >= environment.version) return
    if (known === undefined || known !== added?.before || known.place !== environment.place) {
      this.#place(environment.id, environment)
      return
    }
    this.#kept.set(environment.id, environment)
    this.#tree.installFiles(environment.place, added.changed, environment.version)
  }

  /** Takes over that a transaction of this process has ended an environment for good. */
  drop(id: string): void {
    this.#place(id, undefined)
  }

  /** Takes over the files of the store as a whole. */
  keepStoreFiles(files: ReadonlyMap<string, Bytes | undefined>, version: number): void {
    if (version <= this.#storeVersion) return
    for (const [path, content] of files) this.#tree.installFile(path, content)
    this.#storeFiles = [...new Set([...this.#storeFiles, ...files.keys()])]
    this.#storeVersion = version
  }

  async #changes(statements: Statements): Promise<Changes> {
    const rows = await statements.run(
      `select s.version as store_version, pg_snapshot_xmin(pg_current_snapshot())::text as horizon,
         exists (select from ${this.#schema}.journal) as unfinished,
         e.id, e.place, e.settings, e.newest, e.version, e.generation
       from ${this.#schema}.store s left join ${this.#schema}.environment e on e.changed >= $1::xid8`,
      [this.#horizon],
    )
    const [first] = rows
    if (first === undefined) throw new Error('the store has no row of its own')
    return {
      heads: rows.filter(({ id }) => id !== null) as unknown as Head[],
      storeVersion: first.store_version as number,
      horizon: first.horizon as string,
      unfinished: first.unfinished as boolean,
    }
  }

  #isNew({ id, version }: Head): boolean {
    return (this.#kept.get(id)?.version ?? -1) < version
  }

  async #readEnvironments(statements: Statements, heads: readonly Head[]): Promise<void> {
    const present: Head[] = []
    for (const head of heads) {
      if (head.place === null) this.#place(head.id, undefined)
      else present.push(head)
    }
    if (present.length === 0) return
    const known = present.map(({ id, generation }) => {
      const kept = this.#kept.get(id)
      return kept?.generation === generation ? kept : undefined
    })
    const after = [present.map(({ id }) => id), known.map((kept) => kept?.newest ?? 0)]
    const since = [present.map(({ id }) => id), known.map((kept) => kept?.version ?? -1)]
    const from = (table: string, column: string) =>
      `from ${this.#schema}.${table} r join unnest($1::text[], $2::int[]) as w (id, seen)
       on r.environment = w.id and r.${column} > w.seen`
    const revisions = await statements.run(
      `select r.environment, r.number, r.content ${from('revision', 'number')}`,
      after,
    )
    const events = await statements.run(
      `select r.environment, r.kind, r.line ${from('event', 'version')} order by r.environment, r.kind, r.number`,
      since,
    )
    const files = await statements.run(
      `select r.environment, r.path, r.content ${from('environment_file', 'version')}`,
      since,
    )
    const of = { revisions: byEnvironment(revisions), events: byEnvironment(events), files: byEnvironment(files) }
    for (const [index, head] of present.entries()) {
      // A transaction of this process may have gone further meanwhile.
      if (!this.#isNew(head)) continue
      const place = head.place as string
      const base = known[index]
      const rows = withRows(base === undefined ? undefined : rowsOf(base.place, base.files), head, {
        revisions: of.revisions.get(head.id) ?? [],
        events: of.events.get(head.id) ?? [],
        files: of.files.get(head.id) ?? [],
      })
      this.#place(head.id, { ...head, place, files: filesOf(place, rows) })
    }
  }

  async #readStoreFiles(statements: Statements, version: number): Promise<void> {
    const rows = await statements.run(`select path, content from ${this.#schema}.store_file`)
    if (version <= this.#storeVersion) return
    const files = new Map(rows.map(({ path, content }) => [path as string, content as Bytes]))
    for (const path of this.#storeFiles) if (!files.has(path)) this.#tree.installFile(path, undefined)
    for (const [path, content] of files) this.#tree.installFile(path, content)
    this.#storeFiles = [...files.keys()]
    this.#storeVersion = version
  }

  async #readJournals(statements: Statements, isOwn: (id: string) => boolean): Promise<void> {
    const rows = await statements.run(`select environment, entry, content from ${this.#schema}.journal`)
    for (const [id, journal] of this.#journals) if (!isOwn(id)) journal.clear()
    for (const { environment, entry, content } of rows) {
      const id = environment as string
      if (!isOwn(id)) this.journal(id).set(entry as string, content as Bytes)
    }
  }

  #place(id: string | undefined, now: KeptEnvironment | undefined): void {
    if (id === undefined) return
    const before = this.#kept.get(id)
    if (before !== undefined && before.place !== now?.place && this.#places.get(before.place) === id) {
      this.#places.delete(before.place)
      this.#tree.install(before.place, undefined, 0)
    }
    if (now === undefined) this.#kept.delete(id)
    else {
      this.#kept.set(id, now)
      this.#places.set(now.place, id)
      this.#tree.install(now.place, now.files, now.version)
    }
  }
}

function byEnvironment(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const id = row.environment as string
    const own = found.get(id)
    if (own === undefined) found.set(id, [row])
    else own.push(row)
  }
  return found
}

/** The rows of an environment with those that were read since. */
function withRows(
  base: EnvironmentRows | undefined,
  { settings, newest }: Head,
  read: Readonly<Record<'revisions' | 'events' | 'files', readonly Readonly<Record<string, unknown>>[]>>,
): Omit<EnvironmentRows, 'id'> {
  const revisions = new Map(base?.revisions)
  const events = new Map(base?.events)
  const others = new Map(base?.others)
  for (const { number, content } of read.revisions) revisions.set(number as number, content as Bytes)
  for (const { kind, line } of read.events) {
    events.set(kind as string, [...(events.get(kind as string) ?? []), line as string])
  }
  for (const { path, content } of read.files) {
    if (content === null) others.delete(path as string)
    else others.set(path as string, content as Bytes)
  }
  return { settings, newest, revisions, events, others }
}
