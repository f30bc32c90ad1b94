import { dirname } from 'node:path'
import { syncFolder } from '../../files/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { cleanUpSwap } from '../revisions/swap.ts'
import { requireEarlierState } from '../state/earlier-state.ts'
import { stateFault } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'
import { removeOldTemporaries } from './leftovers.ts'
import { FileLock, type Lock } from './lock.ts'

/**
 * Takes the lock of an environment for a change of several steps. What an interrupted change of the
 * secrets provider has left is completed or removed.
 */
export async function lockEnvironment(
  context: EnvironmentContext,
  purpose: string,
  { id, waitMs = 2000 }: { readonly id: string; readonly waitMs?: number },
): Promise<Lock> {
  const { state, store, host, name, folder: own } = context
  if (host.storeState === undefined) requireEarlierState(context, { id, name })
  const request = { what: `environment '${name}'`, purpose, waitMs }
  const file = stateLayout.environmentLock(state.machine, id)
  const lock = await FileLock.acquire(host, file, request).catch((error) => {
    throw stateFault(error, state, `environment '${name}' cannot be locked`)
  })
  try {
    removeOldTemporaries(host, stateLayout.environmentLocks(state.machine))
    cleanUpSwap(host.files, own)
    // A process killed between giving a name and syncing its folder leaves one that works and
    // that a loss of power takes away: the environment itself, or the settings with the key that
    // is about to encrypt the journal.
    for (const folder of [own, dirname(own), store]) syncFolder(host.files, folder)
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}
