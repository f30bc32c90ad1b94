import { workspaceKeys } from '../session/open-workspace.ts'
import { storeOperation } from '../session/operation.ts'
import { missingKeyFile } from './shared-keys.ts'

/** The state of what a server needs of a store. */
export interface StoreReadiness {
  /** True when the data key of an environment can be unwrapped, or none has one. */
  readonly isKeyReachable: boolean
  /** True when a part of a store in a database is locked with the key file of another machine. */
  readonly isKeyFileElsewhere: boolean
}

/** Environments that are looked into for a key; a store may have thousands. */
const mostLookedInto = 100

/**
 * Tells whether the store can be read and its keys can be reached, for a probe: nothing of it is
 * shown. Different keys may be for different people, so one that can be reached is enough. Throws
 * what reading the store throws.
 */
export const storeReadiness = storeOperation({
  name: 'check-readiness',
  level: undefined,
  audit: 'environment-read',
  changes: false,
  async run(work): Promise<StoreReadiness> {
    const store = work.store.openedFor({ keys: workspaceKeys(() => work, work.host) })
    const isKeyFileElsewhere = store.kind !== 'folder' && (await missingKeyFile(store)) !== undefined
    const tried = new Set<string | undefined>()
    for (const name of store.list().slice(0, mostLookedInto)) {
      try {
        const environment = store.environment(name)
        const { wrappedDataKey, secretsProvider } = environment.settings
        if (wrappedDataKey === undefined || tried.has(secretsProvider)) continue
        tried.add(secretsProvider)
        await environment.unlock()
        return { isKeyReachable: true, isKeyFileElsewhere }
      } catch {
        // The next one may have another key; what is damaged, other probes tell.
      }
    }
    return { isKeyReachable: tried.size === 0, isKeyFileElsewhere }
  },
})
