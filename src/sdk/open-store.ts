import { loadLocalStore } from './load-local-store.ts'
import type { EnvironmentStore, StoreOptions } from './store.ts'

/**
 * Opens the store in a folder, or in `environments/` of it. Without one it is the store that the
 * command line would use: that of `ESC_STORE`, else the one at or above the current folder.
 *
 * @throws EscError `not_found`.
 *
 * @example
 * ```ts
 * import { openStore } from '@gitesc/cli'
 *
 * const store = await openStore()
 * await store.environments() // ['app/broken', 'app/dev']
 * ```
 */
export async function openStore(path?: string, options: StoreOptions = {}): Promise<EnvironmentStore> {
  const { LocalStore } = await loadLocalStore()
  return new LocalStore(path, options)
}
