import { join } from 'node:path'
import { makeFolders, readIfPresent, replaceFile } from '../../files/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { stateLayout } from '../state/state-layout.ts'

/**
 * Returns the bytes last kept of opening an environment on this machine. Undefined:
 * nothing, or it cannot be read.
 */
export function readOpened({ state, host }: EnvironmentContext, id: string): Uint8Array | undefined {
  try {
    return readIfPresent(host.files, join(stateLayout.opened(state.folder), id))
  } catch {
    return undefined
  }
}

/**
 * Where that cannot be written, nothing is kept: a store on a read-only disk can still be opened.
 */
export function writeOpened({ state, host }: EnvironmentContext, id: string, bytes: Uint8Array): void {
  const folder = stateLayout.opened(state.folder)
  try {
    makeFolders(host.files, folder, 0o700)
    replaceFile(host.files, join(folder, id), bytes, { mode: 0o600, synced: false })
  } catch {}
}
