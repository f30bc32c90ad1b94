import { join } from 'node:path'
import { ioError, listIfPresent, removeQuietly, temporaryPrefix } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { removeOldTemporaries } from '../locks/leftovers.ts'
import { FileLock } from '../locks/lock.ts'
import { type StoreState, stateFault } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'

/** The time that a writer waits for another writer, in milliseconds: writes take a few. */
const waitMs = 15_000

/** The environment that is written, and where this machine keeps its locks. */
interface Written {
  readonly name: string
  readonly folder: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * Runs one write of an environment. Writers take turns, also across processes, each of a few
 * milliseconds; what killed ones have left is removed first.
 */
export async function writeEnvironment<T>(
  { folder, name, state, host }: Written,
  purpose: string,
  write: () => T,
): Promise<T> {
  const request = { what: `environment '${name}'`, purpose, waitMs }
  const file = stateLayout.lock(state.folder, 'write', name)
  const lock = await FileLock.acquire(host, file, request).catch((error) => {
    throw stateFault(error, state, `environment '${name}' cannot be locked`)
  })
  try {
    for (const entry of listIfPresent(host.files, folder)) {
      if (entry.startsWith(temporaryPrefix)) removeQuietly(host.files, join(folder, entry))
    }
    // Here other environments' writers are at work too.
    removeOldTemporaries(host, stateLayout.locks(state.folder))
    return write()
  } catch (error) {
    throw ioError(error, `cannot write environment '${name}'`)
  } finally {
    lock.release()
  }
}

/**
 * Writes to the store while nobody else does. @throws EscError `locked`; `io` for what
 * the file system refuses.
 */
export async function writeStore<T>(
  { folder, state, host }: Omit<Written, 'name'>,
  purpose: string,
  write: () => T,
): Promise<T> {
  const request = { what: `the store ${folder}`, purpose, waitMs }
  const lock = await FileLock.acquire(host, stateLayout.lock(state.folder, 'store'), request).catch((error) => {
    throw stateFault(error, state, `the store ${folder} cannot be locked`)
  })
  try {
    return write()
  } catch (error) {
    throw ioError(error, `cannot write the store ${folder}`)
  } finally {
    lock.release()
  }
}
