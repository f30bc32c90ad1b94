import { EscError } from '../../errors.ts'
import type { JournalRecords } from '../records/records.ts'
import type { PostgresDatabase } from './connection.ts'
import { type Leases, leaseName } from './leases.ts'
import { promptly } from './promptly.ts'
import type { Bytes } from './tree.ts'

interface DatabaseJournalContext {
  readonly database: PostgresDatabase
  readonly leases: Leases
  /** Id of the environment. */
  readonly id: string
  readonly folder: string
  /** The entries as they were last read. */
  readonly entries: Map<string, Bytes>
}

const clocksMs = [Date.now, () => performance.now()]

/** One row for each entry. Each change requires the lease of the environment, in its statement. */
export class DatabaseJournal implements JournalRecords {
  readonly #context: DatabaseJournalContext

  constructor(context: DatabaseJournalContext) {
    this.#context = context
  }

  get folder(): string {
    return this.#context.folder
  }

  names(): string[] {
    return [...this.#context.entries.keys()]
  }

  read(name: string): Uint8Array | undefined {
    return this.#context.entries.get(name)
  }

  /** A row that can be read was committed. */
  makeDurable(): void {}

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const { database, entries } = this.#context
    const content = Buffer.from(bytes)
    // What is put is about to be done. A lost answer does no harm: the same entry is put again.
    await promptly(clocksMs, async () => {
      const done = await database.run(
        `${this.#held()} insert into ${database.schema}.journal (environment, entry, content)
         select $1, $4, $5 from held
         on conflict (environment, entry) do update set content = excluded.content, kept = clock_timestamp()
         returning entry`,
        [...this.#lease(), name, content],
      )
      if (done.length === 0) throw lockLost()
    })
    entries.set(name, content)
  }

  async requireLock(): Promise<void> {
    const { database } = this.#context
    const [, name, token] = this.#lease()
    await promptly(clocksMs, async () => {
      const held = await database.run(`${this.#renewal('$1', '$2')} returning token`, [name, token])
      if (held.length === 0) throw lockLost()
    })
  }

  async remove(name: string): Promise<void> {
    const { database, entries } = this.#context
    const [row] = await database.run(
      `${this.#held()}, gone as (
         delete from ${database.schema}.journal using held where environment = $1 and entry = $4
       ) select count(*)::int as held from held`,
      [...this.#lease(), name],
    )
    if (row?.held !== 1) throw lockLost()
    entries.delete(name)
  }

  async setAside(name: string): Promise<string> {
    const { database, entries, folder } = this.#context
    const [row] = await database.run(
      `${this.#held()}, gone as (
         delete from ${database.schema}.journal using held where environment = $1 and entry = $4
         returning environment, entry, content
       ), moved as (
         insert into ${database.schema}.forgotten (environment, entry, content) select * from gone
       ) select count(*)::int as held from held`,
      [...this.#lease(), name],
    )
    if (row?.held !== 1) throw lockLost()
    entries.delete(name)
    return `${folder.replace(/journal(?=[^/\\]*[/\\][^/\\]*$)/, 'forgotten')}/${name}`
  }

  /** The lease cannot be taken over before the statement is done, nor for a while afterwards. */
  #held(): string {
    return `with held as (${this.#renewal('$2', '$3')} returning token)`
  }

  /**
   * Renews a lease that this process has, also one that is over and that nobody has taken yet: what
   * follows from a change of the journal must not be overtaken by whoever takes it.
   */
  #renewal(name: string, token: string): string {
    const { database, leases } = this.#context
    return `update ${database.schema}.lease
      set expires = greatest(expires, clock_timestamp() + interval '${leases.seconds} seconds')
      where name = ${name} and token = ${token} and expires > '-infinity'`
  }

  #lease(): readonly unknown[] {
    const { id, leases } = this.#context
    const name = leaseName({ kind: 'environment', id })
    return [id, name, leases.tokenOf(name) ?? 0]
  }
}

/** Says that what only the holder of an environment's lock may do was refused. */
export function lockLost(): EscError {
  return new EscError('locked', `the lock of the environment was lost: another process has taken it over`, {
    hint: 'what this one has begun is in the journal: the next rotation finishes or undoes it',
  })
}
