import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import type { PostgresDatabase, Statements } from './connection.ts'
import { nameOfDatabase } from './database-url.ts'

/** A change of the tables. Those of a release are never edited afterwards. */
interface Migration {
  readonly version: number
  /** The lowest version of this list with which a program may go on using the tables. */
  readonly usableBy: number
  readonly statements: (schema: string) => readonly string[]
}

/**
 * All changes of the tables, in order. A program of the version before must be able to go on with
 * the tables of the next: replicas are replaced one after the other. So a migration only adds.
 */
const migrations: readonly Migration[] = [
  {
    version: 1,
    usableBy: 1,
    statements: (schema) => [
      // `changed` and `version` tell a replica what it has not read yet (`read-rows.ts`).
      `create table ${schema}.store (
        only_one boolean primary key default true check (only_one),
        id uuid not null default gen_random_uuid(),
        version integer not null default 0
      )`,
      `create table ${schema}.store_file (path text primary key, content bytea not null)`,
      `create table ${schema}.environment (
        id text primary key,
        place text unique,
        settings text not null,
        newest integer not null,
        version integer not null,
        generation integer not null,
        changed xid8 not null
      )`,
      `create index environment_changed on ${schema}.environment (changed)`,
      `create table ${schema}.revision (
        environment text not null references ${schema}.environment (id),
        number integer not null check (number > 0),
        content bytea not null,
        primary key (environment, number)
      )`,
      `create table ${schema}.event (
        environment text not null references ${schema}.environment (id),
        kind text not null,
        number integer not null,
        line text not null,
        version integer not null,
        primary key (environment, kind, number)
      )`,
      `create table ${schema}.environment_file (
        environment text not null references ${schema}.environment (id),
        path text not null,
        content bytea,
        version integer not null,
        primary key (environment, path)
      )`,
      `create table ${schema}.journal (
        environment text not null,
        entry text not null,
        content bytea not null,
        kept timestamptz not null default clock_timestamp(),
        primary key (environment, entry)
      )`,
      `create table ${schema}.forgotten (
        environment text not null,
        entry text not null,
        content bytea not null,
        forgotten timestamptz not null default clock_timestamp()
      )`,
      // A transaction that was committed: tells one whose answer was lost from one that was not.
      `create table ${schema}.committed (
        token uuid primary key,
        at timestamptz not null default clock_timestamp()
      )`,
      `create table ${schema}.lease (
        name text primary key,
        token integer not null,
        holder text not null,
        purpose text not null,
        since timestamptz not null,
        expires timestamptz not null
      )`,
      `insert into ${schema}.store default values`,
    ],
  },
  {
    version: 2,
    usableBy: 1,
    statements: (schema) => [
      // Tokens by their digests; and what is encrypted under an id of which the key is the digest.
      `create table ${schema}.entry (
        kind text not null,
        key text not null,
        content bytea not null,
        ends timestamptz,
        touched timestamptz not null,
        primary key (kind, key)
      )`,
      `create index entry_ends on ${schema}.entry (kind, ends)`,
    ],
  },
  {
    version: 3,
    usableBy: 1,
    statements: (schema) => [
      // A run of a schedule happens once: whoever would save or record it again is refused.
      `create table ${schema}.schedule_run (
        environment text not null,
        schedule text not null,
        due timestamptz not null,
        attempt integer not null check (attempt > 0),
        saved boolean not null default false,
        recorded boolean not null default false,
        failed boolean not null default false,
        at timestamptz not null default clock_timestamp(),
        primary key (environment, schedule, due, attempt)
      )`,
    ],
  },
  {
    version: 4,
    usableBy: 1,
    statements: (schema) => [
      // One log of all servers. Whoever appends holds the row of its end.
      `create table ${schema}.audit_line (sequence bigint primary key, text text not null)`,
      `create table ${schema}.audit_end (
        only_one boolean primary key default true check (only_one),
        sequence bigint not null,
        digest text not null
      )`,
      `insert into ${schema}.audit_end (sequence, digest) values (0, '')`,
    ],
  },
  {
    version: 5,
    usableBy: 1,
    statements: (schema) => [
      // What webhooks are to be told: written with the change, and made into deliveries afterwards.
      `create table ${schema}.webhook_event (
        id text primary key,
        environment text not null,
        happened boolean not null,
        content text not null,
        at timestamptz not null default clock_timestamp()
      )`,
      `create table ${schema}.webhook_delivery (
        id text primary key,
        environment text not null,
        webhook text not null,
        webhook_created text not null,
        created text not null,
        content text not null,
        state text not null check (state in ('pending', 'delivered', 'failed')),
        due timestamptz not null default clock_timestamp(),
        attempts text[] not null default '{}',
        claim uuid,
        claimed_until timestamptz,
        changed timestamptz not null default clock_timestamp()
      )`,
      `create index webhook_delivery_webhook on ${schema}.webhook_delivery (environment, webhook)`,
      `create index webhook_delivery_due on ${schema}.webhook_delivery (due) where state = 'pending'`,
    ],
  },
]

const present = migrations[migrations.length - 1] as Migration

/**
 * Makes the tables, or brings them up to date, once: under a lock, whichever replica comes first.
 * `create`: false where tables that are not there are an error.
 * @throws EscError `not_found` when there is no store; `invalid_input` when the tables are of a
 *   version that this program cannot use.
 */
export async function migrate(database: PostgresDatabase, { create }: { readonly create: boolean }): Promise<void> {
  const { schema } = database
  const [there] = await database.run(`select to_regclass($1) is not null as present`, [`${schema}.migration`])
  if (there?.present !== true && !create) throw noStore(database)
  if (there?.present === true && (await versionOf(database, database)) === present.version) return
  await database.transaction('begin', async (statements) => {
    // Ends with the transaction, so it may go through PgBouncer.
    await statements.run(`select pg_advisory_xact_lock(hashtextextended($1, 7243))`, [`esc ${schema}`])
    // Whoever was given a schema need not have the right to make one.
    const [found] = await statements.run('select to_regnamespace($1) is not null as present', [schema])
    if (found?.present !== true) await statements.run(`create schema ${schema}`)
    await statements.run(`create table if not exists ${schema}.migration (
      version integer primary key,
      usable_by integer not null,
      applied timestamptz not null default clock_timestamp()
    )`)
    const from = await versionOf(database, statements)
    for (const { version, usableBy, statements: changes } of migrations) {
      if (version <= from) continue
      for (const change of changes(schema)) await statements.run(change)
      await statements.run(`insert into ${schema}.migration (version, usable_by) values ($1, $2)`, [version, usableBy])
    }
  })
}

/** The version of the tables; 0: there are none. */
async function versionOf(database: PostgresDatabase, statements: Statements): Promise<number> {
  const [newest] = await statements.run(
    `select version, usable_by from ${database.schema}.migration order by version desc limit 1`,
  )
  const { version, usable_by: usableBy } = newest ?? { version: 0, usable_by: 0 }
  if (Number(usableBy) > present.version) {
    throw new EscError(
      'invalid_input',
      `the tables in ${nameOfDatabase(database.address)} have version ${version}; this esc knows up to ${present.version}`,
      { hint: 'install a newer esc' },
    )
  }
  return Math.min(Number(version), present.version)
}

function noStore({ address }: PostgresDatabase): EscError {
  return new EscError('not_found', `there is no esc store in the database ${nameOfDatabase(address)}`, {
    hint: rich`${step('make one', { do: 'create-store' })}`,
  })
}
