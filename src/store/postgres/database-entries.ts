import { type Entries, type Entry, type EntryKind, type EntryTimes, touchEveryMs } from '../records/entries.ts'
import type { PostgresDatabase, Row } from './connection.ts'
import type { Bytes } from './tree.ts'

/** Whoever waits for an entry. */
interface Asking {
  readonly keys: Set<string>
  readonly entries: Promise<ReadonlyMap<string, Entry>>
}

/**
 * Entries as rows. They are never kept in memory, so what one server removes is gone for all at
 * once. Whoever asks while a question is under way shares the next with all that wait: a server
 * with much to do asks for many entries in one statement.
 */
export class DatabaseEntries implements Entries {
  readonly #database: PostgresDatabase
  readonly #kind: EntryKind
  #asked: Promise<unknown> | undefined
  #next: Asking | undefined

  constructor(database: PostgresDatabase, kind: EntryKind) {
    this.#database = database
    this.#kind = kind
  }

  async put(key: string, content: Uint8Array, { ends, touched }: EntryTimes): Promise<void> {
    await this.#database.run(
      `insert into ${this.#table} (kind, key, content, ends, touched) values ($1, $2, $3, $4, $5)
       on conflict (kind, key) do update
         set content = excluded.content, ends = excluded.ends, touched = excluded.touched`,
      [this.#kind, key, Buffer.from(content), ends ?? null, touched],
    )
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#next ??= this.#askNext()
    const { keys, entries } = this.#next
    keys.add(key)
    return (await entries).get(key)
  }

  /** After a lost answer the entry may be gone, and nobody has it. */
  async take(key: string): Promise<Entry | undefined> {
    const [row] = await this.#database.run(
      `delete from ${this.#table} where kind = $1 and key = $2 returning content, touched`,
      [this.#kind, key],
    )
    return row && entryIn(row)
  }

  async remove(key: string): Promise<void> {
    await this.#database.run(`delete from ${this.#table} where kind = $1 and key = $2`, [this.#kind, key])
  }

  async touch(key: string, now: Date): Promise<void> {
    await this.#database.run(
      `update ${this.#table} set touched = $3
       where kind = $1 and key = $2 and abs(extract(epoch from $3::timestamptz - touched)) * 1000 >= $4`,
      [this.#kind, key, now, touchEveryMs],
    )
  }

  async list(): Promise<ReadonlyMap<string, Entry>> {
    const rows = await this.#database.run(`select key, content, touched from ${this.#table} where kind = $1`, [
      this.#kind,
    ])
    return byKey(rows)
  }

  async count(): Promise<number> {
    const [row] = await this.#database.run(`select count(*)::int as count from ${this.#table} where kind = $1`, [
      this.#kind,
    ])
    return Number(row?.count)
  }

  async sweep(now: Date): Promise<void> {
    await this.#database.run(`delete from ${this.#table} where kind = $1 and ends <= $2`, [this.#kind, now])
  }

  get #table(): string {
    return `${this.#database.schema}.entry`
  }

  /** The question begins after all that share it have asked. */
  #askNext(): Asking {
    const keys = new Set<string>()
    const before = this.#asked ?? Promise.resolve()
    const entries = before
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.#database.run(
          `select key, content, touched from ${this.#table} where kind = $1 and key = any($2::text[])`,
          [this.#kind, [...keys]],
        )
      })
      .then(byKey)
    this.#asked = entries
    return { keys, entries }
  }
}

function byKey(rows: readonly Row[]): ReadonlyMap<string, Entry> {
  return new Map(rows.map((row) => [row.key as string, entryIn(row)]))
}

function entryIn({ content, touched }: Row): Entry {
  return { content: content as Bytes, touched: touched as Date }
}
