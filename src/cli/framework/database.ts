import { EscError } from '../../errors.ts'
import {
  type CopiedStore,
  databaseSession,
  openOrMakeDatabaseStore,
  type Session,
  type SessionHost,
  type StoreRecords,
} from '../../operations/index.ts'
import { text } from './flags.ts'
import type { Host } from './host.ts'
import { openSession, sessionRequest } from './session.ts'

/** The flag of commands that can also use a store in a database. */
export const DATABASE_FLAG = {
  database: text({
    description: 'the store is in this PostgreSQL database: postgres://USER@HOST/NAME (default: $ESC_DATABASE_URL)',
    value: 'url',
  }),
} as const

interface DatabaseFlags {
  readonly store?: string
  readonly database?: string
}

/** A session on a store, wherever it is kept. */
export interface AnySession {
  readonly session: Session
  /** The database that the store is in. `undefined`: it is in a folder. */
  readonly records: StoreRecords | undefined
}

/** Returns the URL of the flag or variable. `undefined`: the store is in a folder. */
export function databaseUrl(io: Host, { store, database }: DatabaseFlags): string | undefined {
  if (store !== undefined && database !== undefined) {
    throw new EscError('usage', '--store and --database name two stores', { hint: 'give one of them' })
  }
  return database ?? (store === undefined ? io.env.ESC_DATABASE_URL || undefined : undefined)
}

/**
 * Performs work in a session on the store that is in a folder or in a database. Where the database
 * has none yet, an empty one is made. Connections end with the work.
 */
export async function withAnySession<T>(
  io: Host,
  flags: DatabaseFlags,
  work: (opened: AnySession) => Promise<T>,
  changed: Partial<SessionHost> = {},
): Promise<T> {
  const url = databaseUrl(io, flags)
  if (url === undefined) return work({ session: openSession(io, flags, changed), records: undefined })
  const request = sessionRequest(io, flags)
  const host = { ...request.host, ...changed }
  const { records, made } = await openOrMakeDatabaseStore(url, {}, host)
  if (made) io.err(`made an empty store in ${records.root}\n`)
  try {
    return await work({ session: databaseSession(records, { ...request, host }), records })
  } finally {
    await records.close()
  }
}

/** Says how much was copied: `2 environments with 14 revisions`. */
export function copiedText({ environments, revisions }: CopiedStore): string {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
  return `${count(environments, 'environment')} with ${count(revisions, 'revision')}`
}
