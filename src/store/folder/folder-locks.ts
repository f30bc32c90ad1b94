import { dirname } from 'node:path'
import { syncFolder } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { layout } from '../layout.ts'
import { removeOldTemporaries } from '../locks/leftovers.ts'
import { FileLock } from '../locks/lock.ts'
import type { Lock, LockedThing, LockRequest } from '../records/records.ts'
import { cleanUpSwap } from '../revisions/swap.ts'
import { requireEarlierState } from '../state/earlier-state.ts'
import { type StoreState, stateFault } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'

/** The store whose locks these are. */
interface Locked {
  readonly folder: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * Takes a lock of this machine. The schedules and the deliveries of a store are looked after by one
 * process at a time.
 */
export function lockInFolder(locked: Locked, request: LockRequest): Promise<Lock> {
  if (request.kind === 'environment') return lockEnvironment(locked, request)
  const { folder, state, host } = locked
  const { kind, purpose, waitMs } = request
  const name = kind === 'schedule' ? request.name : undefined
  return FileLock.acquire(host, stateLayout.lock(state.folder, kind, name), {
    what: whatOf(request, folder),
    purpose,
    waitMs,
  })
}

function whatOf(request: LockedThing, folder: string): string {
  if (request.kind === 'schedule') return `the schedule of ${request.name}`
  return request.kind === 'scheduler' ? `the scheduler of the store ${folder}` : `the webhooks of ${folder}`
}

/**
 * Takes the lock of an environment for a change of several steps. What an interrupted change of the
 * secrets provider has left is completed or removed.
 */
async function lockEnvironment(
  { folder: store, state, host }: Locked,
  { id, name, purpose, waitMs }: LockRequest & { readonly kind: 'environment' },
): Promise<Lock> {
  const own = layout.environment(store, name)
  if (host.storeState === undefined) requireEarlierState({ store, state, host }, { id, name })
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
