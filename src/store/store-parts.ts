import type { FileSystem } from '../files/index.ts'
import { Environment } from './environment.ts'
import type { EnvironmentContext } from './environment-context.ts'
import { environmentName } from './environment-name.ts'
import { noSuchEnvironment } from './environments.ts'
import { FolderRecords } from './folder/folder-records.ts'
import { hasEnvironment } from './has-environment.ts'
import type { CompleteHost, GuardLevel } from './host.ts'
import { HistoryMemory } from './keys/history-memory.ts'
import { layout } from './layout.ts'
import type { StoreRecords } from './records/records.ts'
import { StoreConfiguration } from './settings/store-configuration.ts'
import { moveEarlierState } from './state/earlier-state.ts'
import { type StoreState, stateOf } from './state/state.ts'

/** Parts of a store that all classes share which act on it: its place, files, memory and rules. */
export class StoreParts {
  /** Absolute path of the folder that holds `esc.yaml`. */
  readonly folder: string
  /** The place where this machine keeps what it knows of the store. */
  readonly state: StoreState
  readonly host: CompleteHost
  readonly records: StoreRecords
  readonly memory: HistoryMemory
  readonly configuration: StoreConfiguration
  /**
   * True while data keys are encrypted for lists of recipients as they are now. Nobody is told
   * then that a list was edited and its keys are not encrypted for it yet.
   */
  isApplyingRecipients = false

  /** @param text of `esc.yaml`. */
  constructor(folder: string, text: string, host: CompleteHost, records?: StoreRecords) {
    this.folder = folder
    this.state = host.storeState ?? stateOf(host, folder)
    const earlier = layout.earlierState(folder)
    if (host.storeState === undefined && host.files.lstat(earlier) !== undefined) {
      moveEarlierState({ store: folder, state: this.state, host })
    }
    this.records = records ?? new FolderRecords({ folder, state: this.state, host })
    this.configuration = new StoreConfiguration(folder, text, { host, records: this.records })
    const { notify } = host.keys
    const keys: CompleteHost['keys'] = {
      ...host.keys,
      notify: (notice) => {
        if (notice.kind !== 'recipients-edited' || !this.isApplyingRecipients) notify(notice)
      },
    }
    this.host = { ...host, keys }
    this.memory = new HistoryMemory({
      files: host.files,
      store: host.storeState === undefined ? this.state.store : folder,
      state: this.state,
      dated: this.records.kind !== 'folder',
      postponed: this.records.postponed,
    })
  }

  /**
   * Reads and writes below the store's folder, where only regular files and folders are touched.
   */
  get files(): FileSystem {
    return this.host.files
  }

  /** @throws EscError `forbidden`. */
  guard(environment: string, level: GuardLevel): void {
    this.host.guard(environment, level)
  }

  /** @throws EscError `not_found`, with the nearest name there is; `forbidden`. */
  environment(name: string): Environment {
    const full = environmentName(name)
    this.guard(full, 'read')
    if (!hasEnvironment(this.files, this.folder, full)) throw noSuchEnvironment(this.files, this.folder, full)
    return this.handle(full)
  }

  /** The environment of that full name, whether or not it is there; asks no access rule. */
  handle(name: string): Environment {
    return new Environment(this.context(name))
  }

  /** @param name the full name. */
  context(name: string): EnvironmentContext {
    return {
      name,
      folder: layout.environment(this.folder, name),
      store: this.folder,
      state: this.state,
      host: this.host,
      records: this.records,
      memory: this.memory,
      keys: this.host.unwrapped,
      defaultSecretsProvider: () => this.configuration.defaultSecretsProvider,
    }
  }
}
