import type { AuditRecords, LogEnd, WriteLogLine } from '../records/audit-records.ts'
import type { PostgresDatabase, Row, Statements } from './connection.ts'

/** Lines that are appended together, and whoever waits for them. */
interface Waiting {
  readonly lines: WriteLogLine[]
  readonly appended: Promise<void>
}

/** Lines with their places. */
interface Placed {
  readonly from: LogEnd
  readonly to: LogEnd
  readonly texts: readonly string[]
}

/** At most this many lines are one statement. */
const mostTogether = 500

/**
 * One log for all servers: whoever appends holds the row of its end, so each line knows the digest
 * of the one before, whichever server has written that. Lines that a server writes while others of
 * its own are being appended share the next statement, so that writers wait for the disk together.
 */
export class DatabaseAudit implements AuditRecords {
  readonly #database: PostgresDatabase
  #appending: Promise<unknown> = Promise.resolve()
  #waiting: Waiting | undefined
  /** The end as it was when this process appended last: mostly it still is. */
  #known: LogEnd | undefined

  constructor(database: PostgresDatabase) {
    this.#database = database
  }

  append(lines: readonly WriteLogLine[]): Promise<void> {
    if (this.#waiting === undefined || this.#waiting.lines.length >= mostTogether) this.#waiting = this.#wait()
    this.#waiting.lines.push(...lines)
    return this.#waiting.appended
  }

  async end(): Promise<LogEnd> {
    const [row] = await this.#database.run(`select sequence, digest from ${this.#schema}.audit_end`)
    return endIn(row)
  }

  async lines(): Promise<readonly string[]> {
    const rows = await this.#database.run(`select text from ${this.#schema}.audit_line order by sequence`)
    return rows.map(({ text }) => text as string)
  }

  get #schema(): string {
    return this.#database.schema
  }

  #wait(): Waiting {
    const lines: WriteLogLine[] = []
    const appended = this.#appending.then(() => {
      if (this.#waiting?.lines === lines) this.#waiting = undefined
      return this.#append(lines)
    })
    this.#appending = appended.catch(() => {})
    return { lines, appended }
  }

  async #append(lines: readonly WriteLogLine[]): Promise<void> {
    const tried = this.#known && placed(lines, this.#known)
    if (tried !== undefined && (await this.#appendAt(tried))) {
      this.#known = tried.to
      return
    }
    this.#known = await this.#appendLocked(lines, tried)
  }

  /** One statement, which does nothing where the log ends elsewhere by now. */
  async #appendAt({ from, to, texts }: Placed): Promise<boolean> {
    const [row] = await this.#database.run(
      `with moved as (
         update ${this.#schema}.audit_end set sequence = $1, digest = $2
         where sequence = $3 and digest = $4 returning 1
       ), added as (
         insert into ${this.#schema}.audit_line (sequence, text)
         select $3 + r.number, r.text from moved, unnest($5::text[]) with ordinality as r (text, number)
         returning 1
       ) select count(*)::int as added from added`,
      [to.sequence, to.digest, from.sequence, from.digest, texts],
    )
    return Number(row?.added) === texts.length
  }

  /** `tried`: what may have been appended although nobody has heard so. */
  #appendLocked(lines: readonly WriteLogLine[], tried: Placed | undefined): Promise<LogEnd> {
    let last: Placed | undefined
    const begin = `begin; set local lock_timeout to '15s'; set local synchronous_commit to on`
    return this.#database.transaction(begin, async (statements) => {
      const [row] = await statements.run(`select sequence, digest from ${this.#schema}.audit_end for update`)
      const maybe = [tried, last].filter((each) => each !== undefined)
      if (maybe.length > 0 && (await this.#isAnyThere(statements, maybe))) return endIn(row)
      const { from, to, texts } = placed(lines, endIn(row))
      last = { from, to, texts }
      await statements.run(
        `with moved as (update ${this.#schema}.audit_end set sequence = $1, digest = $2)
         insert into ${this.#schema}.audit_line (sequence, text)
         select $3 + r.number, r.text from unnest($4::text[]) with ordinality as r (text, number)`,
        [to.sequence, to.digest, from.sequence, texts],
      )
      return to
    })
  }

  /** Each line holds the digest of the one before, so no other has the same text. */
  async #isAnyThere(statements: Statements, tried: readonly Placed[]): Promise<boolean> {
    const found = await statements.run(
      `select 1 from ${this.#schema}.audit_line as l
       join unnest($1::bigint[], $2::text[]) as r (sequence, text) on l.sequence = r.sequence and l.text = r.text`,
      [tried.map(({ to }) => to.sequence), tried.map(({ texts }) => texts.at(-1))],
    )
    return found.length > 0
  }
}

function placed(lines: readonly WriteLogLine[], from: LogEnd): Placed {
  const texts: string[] = []
  let to = from
  for (const write of lines) {
    const { text, digest } = write(to)
    texts.push(text)
    to = { sequence: to.sequence + 1, digest }
  }
  return { from, to, texts }
}

function endIn(row: Row | undefined): LogEnd {
  return { sequence: Number(row?.sequence), digest: String(row?.digest) }
}
