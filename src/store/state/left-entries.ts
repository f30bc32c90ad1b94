import { join } from 'node:path'
import { type FileSystem, listIfPresent, readIfPresent } from '../../files/index.ts'
import { storeIdentity } from '../../machine/index.ts'
import type { CompleteHost } from '../host.ts'
import { entryNames, parseEntry } from '../journal/journal-file.ts'
import { FileLock } from '../locks/lock.ts'
import { setEntryAside } from './set-aside.ts'
import type { StoreState } from './state.ts'
import { stateLayout } from './state-layout.ts'

/**
 * A journal entry whose environment is not in the store. Without the
 * environment's key it cannot be read.
 */
export interface LeftEntry {
  readonly file: string
  readonly environmentId: string
  /** Folder of the store that it was made in. */
  readonly store: string
}

/**
 * Entries that environments of this name have left. They are found by what their files say in the
 * clear: the store and the name they were made for. `present`: ids of environments that are here,
 * whose entries are their own business.
 */
export function leftEntries(
  { files, state }: { readonly files: FileSystem; readonly state: StoreState },
  { name, present }: { readonly name: string; readonly present: readonly string[] },
): LeftEntry[] {
  return listIfPresent(files, stateLayout.journals(state.machine)).flatMap((environmentId) => {
    if (present.includes(environmentId)) return []
    const folder = stateLayout.journal(state.machine, environmentId)
    return entryNames(listIfPresent(files, folder)).flatMap((entry): LeftEntry[] => {
      const file = join(folder, entry.file)
      const bytes = readIfPresent(files, file)
      const { store, environment } = (bytes && parseEntry(bytes)?.origin) ?? {}
      const isOurs = store !== undefined && storeIdentity(store) === storeIdentity(state.store)
      return isOurs && environment === name ? [{ file, environmentId, store }] : []
    })
  })
}

/** Under the lock of the environment: another clone on this machine may be rotating it. */
export async function setLeftEntryAside(
  { state, host }: { readonly state: StoreState; readonly host: CompleteHost },
  { name, id, file }: { readonly name: string; readonly id: string; readonly file: string },
): Promise<string> {
  const request = { what: `environment '${name}'`, purpose: 'rotate', waitMs: 2000 }
  const lock = await FileLock.acquire(host, stateLayout.environmentLock(state.machine, id), request)
  try {
    return setEntryAside(host, { machine: state.machine, id, file })
  } finally {
    lock.release()
  }
}
