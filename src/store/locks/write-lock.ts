import { join } from 'node:path'
import { ioError, listIfPresent, removeQuietly, temporaryPrefix } from '../../files/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { stateFault } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'
import { removeOldTemporaries } from './leftovers.ts'
import { FileLock } from './lock.ts'

/** The time that a writer waits for another writer, in milliseconds: writes take a few. */
const waitMs = 15_000

/**
 * Runs one write of an environment. Writers take turns, also across processes, each of a few
 * milliseconds; what killed ones have left is removed first.
 */
export async function withWriteLock<T>(context: EnvironmentContext, purpose: string, write: () => T): Promise<T> {
  const { folder, name, state, host } = context
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
