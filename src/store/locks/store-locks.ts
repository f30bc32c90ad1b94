import { EscError } from '../../errors.ts'
import { ioError } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { type StoreState, stateFault } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'
import { FileLock, type Lock } from './lock.ts'

/** The store whose locks these are. */
interface Locked {
  readonly folder: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * Writes to the store while nobody else does. @throws EscError `locked`; `io` for what
 * the file system refuses.
 */
export async function writeStore<T>(
  { folder, state, host }: Locked,
  purpose: string,
  write: () => T | Promise<T>,
): Promise<T> {
  const request = { what: `the store ${folder}`, purpose, waitMs: 15_000 }
  const lock = await FileLock.acquire(host, stateLayout.lock(state.folder, 'store'), request).catch((error) => {
    throw stateFault(error, state, `the store ${folder} cannot be locked`)
  })
  try {
    return await write()
  } catch (error) {
    throw ioError(error, `cannot write the store ${folder}`)
  } finally {
    lock.release()
  }
}

/**
 * Held while the schedules of the store are looked after: one process at a time, on this machine.
 * @throws EscError `locked`, naming the holder.
 */
export async function lockScheduler({ folder, state, host }: Locked, purpose: string): Promise<Lock> {
  const request = { what: `the scheduler of the store ${folder}`, purpose, waitMs: 0 }
  return FileLock.acquire(host, stateLayout.lock(state.folder, 'scheduler'), request)
}

/** For whoever sends the deliveries of webhooks: one at a time. Undefined: another one is at it. */
export async function tryLockWebhooks({ folder, state, host }: Locked): Promise<Lock | undefined> {
  try {
    const request = { what: `the webhooks of ${folder}`, purpose: 'deliver', waitMs: 0 }
    return await FileLock.acquire(host, stateLayout.lock(state.folder, 'webhooks'), request)
  } catch (error) {
    if (error instanceof EscError && error.code === 'locked') return undefined
    throw error
  }
}
