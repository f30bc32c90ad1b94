import type { KeyOwner } from '../keys/index.ts'
import type { CompleteHost, UnwrappedKeys } from './host.ts'
import type { HistoryMemory } from './keys/history-memory.ts'
import type { StoreRecords } from './records/records.ts'
import type { StoreState } from './state/state.ts'

/** Everything an environment shares with its store. */
export interface EnvironmentContext {
  /** Project and name, such as `rotators/ci`. */
  readonly name: string
  readonly folder: string
  /** Folder of the store. */
  readonly store: string
  readonly state: StoreState
  readonly host: CompleteHost
  /** The place where the store is kept. */
  readonly records: StoreRecords
  readonly memory: HistoryMemory
  readonly keys: UnwrappedKeys
  readonly defaultSecretsProvider: () => string
}

/**
 * Returns the name under which an unwrapped key is remembered. The name counts: a copy of an
 * environment's folder must not get the key as the original.
 */
export function keyMemo({ id, name }: Pick<KeyOwner, 'id' | 'name'>, wrappedDataKey: string): string {
  return `${id} ${name} ${wrappedDataKey}`
}

export const restoreHint = 'restore the file from the git history'
