import { resolve } from 'node:path'
import { confined, type FileSystem, machineFiles } from '../files/index.ts'
import type { DataKey, KeyContext } from '../keys/index.ts'
import { stateFolder } from '../machine/index.ts'
import { limitOf } from './limits.ts'
import { machineProcesses, type Processes } from './locks/processes.ts'
import { noListener, type RevisionListener } from './revision-listener.ts'
import type { StoreState } from './state/state.ts'

/** Everything a store needs from outside. All but `keys` has the machine's own as its default. */
export interface StoreHost {
  readonly keys: KeyContext
  readonly files?: FileSystem
  readonly processes?: Processes
  /**
   * The folder for what this machine keeps about stores. Default: as the variables of
   * `keys` say (`stateFolder`).
   */
  readonly state?: string
  /**
   * For a copy of a store: the state of the original, whose environments it has.
   * Default: its own, below `state`.
   */
  readonly storeState?: StoreState
  readonly sleep?: (ms: number) => Promise<void>
  /** Milliseconds since 1970: tells how old something is that a killed process has left. */
  readonly now?: () => number
  /**
   * Asked before an environment is read (`read`), its key used (`open`), anything of it changed
   * (`write`), or it is removed or given another key (`admin`); `*`: the store as a whole. Throws
   * to refuse. Default: everything may be done.
   */
  readonly guard?: (environment: string, level: GuardLevel) => void
  readonly listener?: RevisionListener
  /**
   * Data keys that the process has unwrapped: for a store that is opened for one caller after the
   * other, each with its own `guard`. Default: those that are unwrapped through this object.
   */
  readonly unwrapped?: UnwrappedKeys
}

/** Unwrapped data keys of a process, by `keyMemo`. */
export type UnwrappedKeys = Map<string, Promise<DataKey>>

export type GuardLevel = 'read' | 'open' | 'write' | 'admin'

export type CompleteHost = Required<Omit<StoreHost, 'storeState'>> & Pick<StoreHost, 'storeState'>

function completeHost(host: StoreHost): CompleteHost {
  return {
    keys: host.keys,
    files: host.files ?? machineFiles,
    storeState: host.storeState,
    state: resolve(host.state ?? stateFolder(host.keys.env)),
    processes: host.processes ?? machineProcesses,
    sleep: host.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    now: host.now ?? Date.now,
    guard: host.guard ?? (() => {}),
    listener: host.listener ?? noListener,
    unwrapped: host.unwrapped ?? new Map(),
  }
}

/** The host of a store whose files are not the machine's: no link leads out of them. */
export function hostOfRecords(host: StoreHost, files: FileSystem): CompleteHost {
  const complete = completeHost(host)
  return { ...complete, files, keys: { ...complete.keys, files } }
}

/**
 * The host of the store in a folder: below that, only regular files and folders
 * are touched (`confined`).
 */
export function hostOfStore(host: StoreHost, folder: string): CompleteHost {
  const complete = completeHost(host)
  const files = confined(complete.files, { root: folder, limit: limitOf })
  const { files: forKeys = machineFiles } = complete.keys
  const keysFiles = forKeys === complete.files ? files : confined(forKeys, { root: folder, limit: limitOf })
  return { ...complete, files, keys: { ...complete.keys, files: keysFiles } }
}
