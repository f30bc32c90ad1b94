import { EscError, messageOf } from '../../errors.ts'
import type { FileSystem } from '../../files/index.ts'
import { type DatabaseAddress, nameOfDatabase } from './database-url.ts'

type Pool = import('pg').Pool
type PoolClient = import('pg').PoolClient

/** One row that a statement returned, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>

/** Runs statements, in a transaction or each in its own. */
export interface Statements {
  /** Runs one statement, or several without values. `$1` and so on stand for the values. */
  run(statement: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/** Hears of each statement before it is sent, and may break what it likes: for tests. */
export type StatementListener = (statement: string, client: PoolClient) => void | Promise<void>

export interface ConnectionOptions {
  readonly files: FileSystem
  /** Default 10. A transaction of the whole store needs one, so does each of an environment. */
  readonly connections?: number
  /** The time for which a lost connection is tried again, in milliseconds. Default 20 s. */
  readonly patienceMs?: number
  readonly onStatement?: StatementListener
}

/** The outcome of a statement that is a transaction by itself. */
export type Changed = { readonly kept: ReadonlySet<string> } | { readonly refused: unknown }

const defaultPatienceMs = 20_000

/** One connection while it is used. */
class Connection {
  lost = false

  /** It is closed, and not used again. */
  giveUp(): void {
    this.lost = true
  }
}

/**
 * A pool of connections to one database. Sessions have no state, and statements no names, so that
 * PgBouncer may stand between in transaction mode.
 */
export class PostgresDatabase {
  readonly address: DatabaseAddress
  /** The schema, quoted: stands before the name of each table. */
  readonly schema: string
  readonly #pool: Pool
  readonly #options: ConnectionOptions
  #closed: Promise<void> | undefined

  private constructor(address: DatabaseAddress, pool: Pool, options: ConnectionOptions) {
    this.address = address
    this.schema = `"${address.schema}"`
    this.#pool = pool
    this.#options = options
  }

  static async connect(address: DatabaseAddress, options: ConnectionOptions): Promise<PostgresDatabase> {
    const { Pool } = await import('../../vendor/postgres.ts')
    const { host, port, database, user, password, tls, tlsAuthorityFile } = address
    const ca = tlsAuthorityFile === undefined ? undefined : options.files.readText(tlsAuthorityFile)
    const pool = new Pool({
      host,
      port,
      database,
      user,
      password,
      ssl: tls === 'off' ? false : { rejectUnauthorized: true, ca },
      max: options.connections ?? 10,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      application_name: 'esc',
    })
    // A connection that is lost while nobody uses it is replaced when somebody does.
    pool.on('error', () => {})
    return new PostgresDatabase(address, pool, options)
  }

  /** Runs one statement that may be run again, also after a lost connection. */
  run(statement: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return this.patiently(() => this.#use((statements) => statements.run(statement, values)))
  }

  /** The schema in which jobs are kept, beside that of the store. */
  get jobsSchema(): string {
    // A library makes names of its own from it, of which PostgreSQL takes 63 letters.
    return `${this.address.schema.slice(0, 45)}_jobs`
  }

  /** Sends a text of one or several statements once, and returns what the driver does. */
  async query(text: string, values?: readonly unknown[]): Promise<{ rows: Row[] }> {
    const client = await this.#pool.connect()
    let lost = false
    const onError = () => {
      lost = true
    }
    client.on('error', onError)
    try {
      return (await client.query(text, values && [...values])) as { rows: Row[] }
    } catch (error) {
      // It may have failed in the midst of a transaction that the text has begun.
      lost = true
      throw error
    } finally {
      client.removeListener('error', onError)
      client.release(lost)
    }
  }

  /** @throws EscError `io` at once when the database cannot be reached. */
  async reach(): Promise<void> {
    try {
      await this.#use((statements) => statements.run('select 1'))
    } catch (error) {
      throw this.fault(error)
    }
  }

  /**
   * Runs a transaction. `begin` are the statements that begin it, of which the rows of the last are
   * handed on. When the connection is lost in the commit, the database is asked what has become of
   * it.
   *
   * @param act calls `begun` with the token that it is about to put into the table `committed`,
   * after which nothing is tried again.
   * @throws EscError `io` when it is not known whether it was committed.
   */
  async transaction<T>(
    begin: string,
    act: (statements: Statements, begun: (token: string) => void, first: readonly Row[]) => Promise<T>,
  ): Promise<T> {
    let token: string | undefined
    const begun = (put: string) => {
      token = put
    }
    return this.patiently(
      () =>
        this.#use(async (statements, connection) => {
          let result: T
          try {
            const first = await statements.run(begin)
            result = await act(statements, begun, first)
          } catch (error) {
            if (!connection.lost) await statements.run('rollback').catch(() => connection.giveUp())
            throw error
          }
          try {
            await statements.run('commit')
          } catch (error) {
            if (token === undefined) throw error
            if (!(await this.#findOut(token, error))) throw this.#unchanged(error)
          }
          return result
        }),
      () => token === undefined,
    )
  }

  /**
   * Runs one statement that is a transaction by itself. It puts tokens into the table `committed`,
   * one for each part of it that it keeps, and returns them. When its answer is lost, the database
   * is asked what has become of it.
   *
   * @param tokens all that it may put there.
   * @returns the tokens of what was kept; `refused`: the fault, when the statement has failed and
   * nothing was kept.
   * @throws EscError `io` when it is not known.
   */
  async change(tokens: readonly string[], statement: string, values: readonly unknown[]): Promise<Changed> {
    try {
      const rows = await this.#use((statements) => statements.run(statement, values))
      return { kept: new Set(rows.map(({ token }) => token as string)) }
    } catch (error) {
      if (isRefusedForNow(error)) return { kept: new Set() }
      if (!isLostConnection(error)) return { refused: this.fault(error) }
      const kept = new Set<string>()
      for (const token of tokens) if (await this.#findOut(token, error)) kept.add(token)
      return { kept }
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed ??= this.#pool.end()
    await this.#closed
  }

  /** Tries again, for a while, what failed because a connection could not be had or was lost. */
  async patiently<T>(act: () => Promise<T>, may: () => boolean = () => true): Promise<T> {
    const until = Date.now() + (this.#options.patienceMs ?? defaultPatienceMs)
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      try {
        return await act()
      } catch (error) {
        const passes = isLostConnection(error) || isRefusedForNow(error)
        if (!passes || !may() || Date.now() + pauseMs > until) throw this.fault(error)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  /**
   * Finds out what has become of a transaction whose commit was not answered: puts the token of it
   * into the table. That waits for a transaction that is not over, fails when it was committed,
   * and keeps it from being committed when it was not.
   *
   * @returns true when it was committed.
   */
  async #findOut(token: string, cause: unknown): Promise<boolean> {
    const name = nameOfDatabase(this.address)
    let put: readonly Row[]
    try {
      put = await this.run(
        `insert into ${this.schema}.committed (token) values ($1) on conflict do nothing returning token`,
        [token],
      )
    } catch {
      throw new EscError('io', `the connection to ${name} was lost, and it is not known whether the change was kept`, {
        hint: 'check whether the newest revision holds the change, and then make it again if it does not',
        cause,
      })
    }
    return put.length === 0
  }

  #unchanged(cause: unknown): EscError {
    const name = nameOfDatabase(this.address)
    return new EscError('io', `the connection to ${name} was lost before the change was kept: nothing was changed`, {
      hint: 'try again',
      cause,
      transient: true,
    })
  }

  async #use<T>(act: (statements: Statements, connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    const connection = new Connection()
    const onError = () => connection.giveUp()
    client.on('error', onError)
    try {
      const run = async (statement: string, values: readonly unknown[] = []) => {
        await this.#options.onStatement?.(statement, client)
        try {
          return rowsIn(await client.query(statement, [...values]))
        } catch (error) {
          if (isLostConnection(error)) connection.giveUp()
          throw error
        }
      }
      return await act({ run }, connection)
    } finally {
      client.removeListener('error', onError)
      // One in the midst of a transaction must not be given to the next.
      client.release(connection.lost)
    }
  }

  /** Returns what a fault means to people, without what a statement may quote. */
  fault(error: unknown): unknown {
    if (error instanceof EscError) return error
    const name = nameOfDatabase(this.address)
    const code = codeOf(error)
    if (code === '55P03') {
      return new EscError('locked', `another process has been changing the same in ${name} for long`, {
        hint: 'try again',
        cause: error,
        transient: true,
      })
    }
    if (isLostConnection(error) || isRefusedForNow(error)) {
      return new EscError('io', `cannot reach the database ${name}: ${messageOf(error)}`, {
        hint: 'check that it runs, and that this machine may connect to it',
        cause: error,
        transient: true,
      })
    }
    // A message of PostgreSQL may quote a value: the code says what is wrong.
    return new EscError('io', `the database ${name} refused a statement (${code ?? messageOf(error)})`, {
      hint: reasons[code ?? ''],
      cause: error,
    })
  }
}

/** The rows of a statement; of several that were sent at once, those of the last. */
function rowsIn(result: { readonly rows: Row[] } | readonly { readonly rows: Row[] }[]): readonly Row[] {
  return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : (result as { readonly rows: Row[] }).rows
}

const reasons: Readonly<Record<string, string>> = {
  '28P01': 'check the user and the password',
  '28000': 'check the user, and pg_hba.conf of the server',
  '3D000': 'make the database first',
  '42501': 'the user needs the rights to make the schema and to use its tables',
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}

const lostCodes = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']
const lostMessages = /Connection terminated|connection is closed|not queryable|timeout exceeded|server_login_retry/i

/** True when the connection is gone, or could not be made. */
function isLostConnection(error: unknown): boolean {
  if (error instanceof EscError) return false
  const code = codeOf(error)
  // 08…: connection exception; 57P01 to 57P03: the server or the connection is being ended.
  if (code !== undefined) return lostCodes.includes(code) || /^(?:08|57P0[1-5])/.test(code)
  return lostMessages.test(messageOf(error))
}

/** True for what another try puts right: too many connections, a deadlock, a lost race. */
function isRefusedForNow(error: unknown): boolean {
  const code = codeOf(error)
  return code === '53300' || code === '40001' || code === '40P01'
}
