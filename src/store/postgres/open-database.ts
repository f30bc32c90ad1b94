import { sep } from 'node:path'
import { EscError } from '../../errors.ts'
import { type FileSystem, machineFiles } from '../../files/index.ts'
import type { JobTiming } from './boss-jobs.ts'
import { type ConnectionOptions, PostgresDatabase } from './connection.ts'
import { forgetOldDeliveries } from './database-outbox.ts'
import { nameOfDatabase, parseDatabaseUrl } from './database-url.ts'
import type { LeaseTiming } from './leases.ts'
import { PostgresRecords } from './postgres-records.ts'
import { forgetOldRuns } from './schedule-runs.ts'
import { migrate } from './schema.ts'

export interface OpenDatabase extends Partial<ConnectionOptions> {
  /** True to make the tables where there are none. Default: that is an error. */
  readonly create?: boolean
  readonly sleep?: (ms: number) => Promise<void>
  readonly leases?: LeaseTiming
  readonly jobs?: JobTiming
  /** For paths outside the store. Default: the machine's files. */
  readonly files?: FileSystem
}

/**
 * Connects to the store in a database, brings its tables up to date, and reads it.
 * @param url as `parseDatabaseUrl` takes it.
 * @throws EscError `usage`, `not_found`, `invalid_input`, `io`.
 */
export async function openDatabase(url: string, options: OpenDatabase = {}): Promise<PostgresRecords> {
  const address = parseDatabaseUrl(url)
  const { files = machineFiles, sleep = pause, create = false } = options
  const database = await PostgresDatabase.connect(address, { ...options, files })
  try {
    await database.reach()
    await migrate(database, { create })
    await refuseUnsafe(database)
    const [row] = await database.run(`select id from ${database.schema}.store`)
    // Whoever has not had the answer to a commit by then has long asked for it.
    await database.run(`delete from ${database.schema}.committed where at < now() - interval '1 day'`)
    await forgetOldRuns(database, database.schema)
    await forgetOldDeliveries(database, database.schema)
    const records = new PostgresRecords({
      database,
      root: [``, 'postgres', ...nameOfDatabase(address).split('/')].join(sep),
      identity: [``, 'postgres', String(row?.id)].join(sep),
      outside: files,
      sleep,
      timing: options.leases,
      jobTiming: options.jobs,
    })
    await records.refresh()
    return records
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The journal is put without a transaction of its own settings. */
async function refuseUnsafe(database: PostgresDatabase): Promise<void> {
  const [row] = await database.run(`select current_setting('synchronous_commit') as commit`)
  if (row?.commit !== 'off') return
  const name = nameOfDatabase(database.address)
  throw new EscError('invalid_input', `the database ${name} does not wait for the disk: synchronous_commit is off`, {
    hint: 'turn it on for the user or the database: a lost commit could be the only copy of a credential',
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
