import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { EscError } from '../../errors.ts'
import type { Lock, LockRequest } from '../records/records.ts'
import type { PostgresDatabase, Row } from './connection.ts'

/** Times of a lease. */
export interface LeaseTiming {
  /** The time for which a lease counts that nobody renews. */
  readonly seconds: number
  readonly renewEveryMs: number
}

const usualTiming: LeaseTiming = { seconds: 30, renewEveryMs: 10_000 }

/** A lease that this process has taken. */
interface Held {
  readonly token: number
  readonly timer: NodeJS.Timeout
}

/**
 * Locks that are rows with an end: whoever dies loses them without having to be found dead. Each
 * taking of a lease has a higher token than the one before, so that what a holder writes who does
 * not know yet that it has lost the lease is refused.
 */
export class Leases {
  readonly #database: PostgresDatabase
  readonly #sleep: (ms: number) => Promise<void>
  readonly #timing: LeaseTiming
  readonly #holder = `process ${process.pid} on ${hostname()}`
  readonly #held = new Map<string, Held>()
  readonly #pending = new Set<Promise<unknown>>()

  constructor(database: PostgresDatabase, sleep: (ms: number) => Promise<void>, timing = usualTiming) {
    this.#database = database
    this.#sleep = sleep
    this.#timing = timing
  }

  /** The time for which a lease counts that nobody renews. */
  get seconds(): number {
    return this.#timing.seconds
  }

  /** The token under which this process holds a lease. Undefined: it does not. */
  tokenOf(name: string): number | undefined {
    return this.#held.get(name)?.token
  }

  /** @throws EscError `locked`, naming the holder and its purpose. */
  async take(request: LockRequest): Promise<Lock> {
    const name = leaseName(request)
    let waitedMs = 0
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const token = await this.#tryTake(name, request.purpose)
      if (token !== undefined) return this.#hold(name, token)
      if (waitedMs >= request.waitMs) throw await this.#lockedError(request, name)
      await this.#sleep(pauseMs)
      waitedMs += pauseMs
    }
  }

  /** Returns when what was released is released in the database as well, as far as it answers. */
  async settled(): Promise<void> {
    for (const [name, { token }] of this.#held) this.#release(name, token)
    await Promise.all(this.#pending)
  }

  /**
   * One statement, which may be sent again when its answer was lost: the nonce tells that it was
   * this process that has taken it.
   */
  async #tryTake(name: string, purpose: string): Promise<number | undefined> {
    const nonce = randomBytes(6).toString('hex')
    const [row] = await this.#database.run(
      `insert into ${this.#database.schema}.lease as l (name, token, holder, purpose, since, expires)
       values ($1, 1, $2, $3, clock_timestamp(), clock_timestamp() + make_interval(secs => $4))
       on conflict (name) do update
         set token = case when l.holder = excluded.holder then l.token else l.token + 1 end,
           holder = excluded.holder, purpose = excluded.purpose, since = excluded.since, expires = excluded.expires
         where l.expires <= clock_timestamp() or l.holder = excluded.holder
       returning token`,
      [name, `${this.#holder}#${nonce}`, purpose, this.#timing.seconds],
    )
    return row?.token as number | undefined
  }

  #hold(name: string, token: number): Lock {
    const timer = setInterval(() => this.#track(this.#renew(name, token)), this.#timing.renewEveryMs)
    timer.unref()
    this.#held.set(name, { token, timer })
    return { release: () => this.#release(name, token) }
  }

  /** As long as nobody else has taken it, also a little late. */
  async #renew(name: string, token: number): Promise<void> {
    const renewed = await this.#database.run(
      `update ${this.#database.schema}.lease set expires = clock_timestamp() + make_interval(secs => $3)
       where name = $1 and token = $2 and expires > '-infinity' returning token`,
      [name, token, this.#timing.seconds],
    )
    if (renewed.length === 0) this.#forget(name, token)
  }

  #release(name: string, token: number): void {
    if (!this.#forget(name, token)) return
    this.#track(
      this.#database.run(
        `update ${this.#database.schema}.lease set expires = '-infinity' where name = $1 and token = $2`,
        [name, token],
      ),
    )
  }

  #forget(name: string, token: number): boolean {
    const held = this.#held.get(name)
    if (held?.token !== token) return false
    clearInterval(held.timer)
    return this.#held.delete(name)
  }

  /** Waits for no answer: a lease of which nothing can be said ends by itself. */
  #track(saying: Promise<unknown>): void {
    const quiet = saying.catch(() => {}).finally(() => this.#pending.delete(quiet))
    this.#pending.add(quiet)
  }

  async #lockedError(request: LockRequest, name: string): Promise<EscError> {
    const [row] = await this.#database.run(
      `select holder, purpose, to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
       from ${this.#database.schema}.lease where name = $1 and expires > clock_timestamp()`,
      [name],
    )
    return new EscError('locked', `${whatOf(request)} is locked${holderIn(row)}`, {
      hint: `wait until it has finished; if it no longer runs, its lock ends within ${this.#timing.seconds} seconds`,
      transient: true,
    })
  }
}

function holderIn(row: Row | undefined): string {
  if (row === undefined) return ''
  return ` by ${String(row.holder).replace(/#.*/, '')} (${row.purpose}, since ${row.since})`
}

/** `environment+` and the id, as the lock files of a folder. */
export function leaseName(request: { readonly kind: LockRequest['kind']; readonly id?: string }): string {
  return request.id === undefined ? request.kind : `${request.kind}+${request.id}`
}

function whatOf(request: LockRequest): string {
  if (request.kind === 'environment') return `environment '${request.name}'`
  if (request.kind === 'schedule') return `the schedule of '${request.name}'`
  return request.kind === 'scheduler' ? 'the scheduler of the store' : 'the delivery of webhooks'
}
