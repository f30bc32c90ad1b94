import { FolderEntries } from './folder/folder-entries.ts'
import type { Entries, EntryKind } from './records/entries.ts'
import { stateLayout } from './state/state-layout.ts'
import type { Store } from './store.ts'

/**
 * The entries of a kind that servers of a store keep: rows of its database, or files of this
 * machine.
 *
 * @param endOf reads from the content of an entry when it ends, in milliseconds since 1970.
 */
export function serverEntries(
  store: Store,
  kind: EntryKind,
  endOf: (content: Uint8Array) => number | undefined,
): Entries {
  const shared = store.shared?.entries(kind)
  if (shared !== undefined) return shared
  const folder = stateLayout.entries(store.state.folder, kind)
  const [suffix, synced] = kind === 'token' ? ['.json', true] : ['.session', false]
  return new FolderEntries(folder, { suffix, synced, endOf } as const)
}
