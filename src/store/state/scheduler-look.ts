import { makeFolders, readTextIfPresent, replaceFile } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import type { StoreState } from './state.ts'
import { stateLayout } from './state-layout.ts'

interface Looked {
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * Records that a scheduler has looked after the store on this machine. Best effort: nothing
 * depends on it but advice.
 */
export function recordSchedulerLook({ state, host }: Looked, at: Date): void {
  try {
    const text = JSON.stringify({ version: 1, looked: at.toISOString() })
    makeFolders(host.files, state.folder, 0o700)
    replaceFile(host.files, stateLayout.schedulerLook(state.folder), Buffer.from(text), { mode: 0o600, synced: false })
  } catch {}
}

/**
 * Returns the time when a scheduler last looked after the store on this machine. Undefined:
 * never, as far as is known.
 */
export function schedulerLook({ state, host }: Looked): Date | undefined {
  try {
    const { looked } = JSON.parse(readTextIfPresent(host.files, stateLayout.schedulerLook(state.folder)) ?? '')
    const date = new Date(looked)
    return Number.isNaN(date.getTime()) ? undefined : date
  } catch {
    return undefined
  }
}
