import { layout, openDatabase, Store, type StoreRecords } from '../../store/index.ts'
import { openWorkspaceIn } from './open-workspace.ts'
import { Session } from './session.ts'
import type { SessionHost, SessionParts } from './session-parts.ts'
import { keyContext } from './workspace.ts'

/** The label and the secrets provider of a new store, as `initStore` takes them. */
export interface NewDatabaseStore {
  readonly organization?: string
  readonly secretsProvider?: string
}

/**
 * Connects to the store in a PostgreSQL database, for any number of sessions (`ServedStore`).
 * Whoever has opened it closes it.
 *
 * @param url `postgres://user@host:5432/database`; its parameters are in `docs/store.md`.
 * @throws EscError `usage`; `not_found` when there is no store; `invalid_input` when it is of a
 *   newer esc; `io` when the database cannot be reached.
 */
export function openDatabaseStore(url: string): Promise<StoreRecords> {
  return openDatabase(url)
}

/** Opens the store in a database, and makes it as `request` says where there is none. */
export async function openOrMakeDatabaseStore(
  url: string,
  request: NewDatabaseStore,
  host: SessionHost,
): Promise<{ readonly records: StoreRecords; readonly made: boolean }> {
  const records = await openDatabase(url, { create: true })
  try {
    const made = !records.files.exists(layout.configuration(records.root))
    if (made) await Store.initIn(records, request, { keys: keyContext(host) })
    return { records, made }
  } catch (error) {
    await records.close()
    throw error
  }
}

/** A session on a store that was opened, for somebody who uses it as the user of this machine. */
export function databaseSession(records: StoreRecords, parts: SessionParts): Session {
  return new Session(openWorkspaceIn(records, parts))
}
