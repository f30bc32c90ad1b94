import { resolve } from 'node:path'
import { EscError } from '../errors.ts'
import { type FileSystem, machineFiles, readTextIfPresent } from '../files/index.ts'
import { rich, step } from '../rich-text.ts'
import { Additions } from './additions.ts'
import { Background } from './background.ts'
import type { Environment } from './environment.ts'
import { environmentName } from './environment-name.ts'
import { type EnvironmentListing, environmentNames, listWithUnreadable } from './environments.ts'
import { findStoreFolder } from './find-store.ts'
import { hasEnvironment } from './has-environment.ts'
import { type CompleteHost, hostOfRecords, hostOfStore, type StoreHost } from './host.ts'
import { StoreKeys } from './keys/store-keys.ts'
import { layout } from './layout.ts'
import { makeStore, type NewStore } from './new-store.ts'
import type { SharedRecords, StoreRecords } from './records/records.ts'
import { Removal } from './removal.ts'
import type { StoreConfiguration } from './settings/store-configuration.ts'
import type { StoreState } from './state/state.ts'
import { StoreParts } from './store-parts.ts'
import { Transfer } from './transfer/transfer.ts'
import { Upkeep } from './upkeep.ts'

/**
 * A folder of environments (`docs/store.md`), or a database that stands for one: which it is, and
 * which environments are in it. What changes it as a whole is in a class per subject, each loaded
 * when it is first used, since most commands only read.
 */
export class Store {
  readonly #parts: StoreParts

  private constructor(folder: string, text: string, host: CompleteHost, records?: StoreRecords) {
    this.#parts = new StoreParts(folder, text, host, records)
  }

  /**
   * Makes a new store, and the folder if need be. Files that are there already, such as
   * a `.gitignore`, are kept.
   */
  static init(folder: string, options: NewStore, host: StoreHost): Store {
    const path = resolve(folder)
    const complete = hostOfStore(host, path)
    return new Store(path, makeStore(complete.files, path, options), complete)
  }

  /**
   * @throws EscError `not_found`; `store_damaged`; `invalid_input` when the
   *   format is newer than this esc.
   */
  static open(folder: string, host: StoreHost): Store {
    const path = resolve(folder)
    const complete = hostOfStore(host, path)
    return new Store(path, configurationIn(complete.files, path), complete)
  }

  /** As `init`, where the files of the store are kept by something else than a folder. */
  static async initIn(records: StoreRecords, options: NewStore, host: StoreHost): Promise<Store> {
    const complete = hostOfRecords(host, records.files)
    const { root } = records
    const text = await records.transaction({ purpose: 'init' }, () => makeStore(complete.files, root, options))
    return new Store(root, text, complete, records)
  }

  /** As `open`, where the files of the store are kept by something else than a folder. */
  static openIn(records: StoreRecords, host: StoreHost): Store {
    const complete = hostOfRecords(host, records.files)
    return new Store(records.root, configurationIn(complete.files, records.root), complete, records)
  }

  /** The same store, opened for somebody else. */
  openedFor(host: StoreHost): Store {
    return this.kind === 'folder' ? Store.open(this.folder, host) : Store.openIn(this.#parts.records, host)
  }

  /**
   * Opens the store that `from` is in: the nearest folder upwards that is one, or has
   * one named `environments`.
   */
  static find(from: string, host: StoreHost): Store {
    return Store.open(findStoreFolder(host.files ?? machineFiles, from), host)
  }

  /** Absolute path of the folder that holds `esc.yaml`. */
  get folder(): string {
    return this.#parts.folder
  }

  /** The place where this machine keeps what it knows of the store. */
  get state(): StoreState {
    return this.#parts.state
  }

  get configuration(): StoreConfiguration {
    return this.#parts.configuration
  }

  /** Label of the store in full names. */
  get organization(): string {
    return this.configuration.organization
  }

  /**
   * Reads and writes below the store's folder, where only regular files and folders are touched.
   */
  get files(): FileSystem {
    return this.#parts.files
  }

  /** `folder`: people edit it, and git keeps it. `database`: several machines use it at once. */
  get kind(): StoreRecords['kind'] {
    return this.#parts.records.kind
  }

  /** The records that servers of the store share. Absent: it is in a folder. */
  get shared(): SharedRecords | undefined {
    return this.#parts.records.shared
  }

  /**
   * Reads what others have changed since. Undefined: what is read is always as new as it can be.
   * @throws EscError `io`.
   */
  refresh(): Promise<void> | undefined {
    return this.#parts.records.refresh()?.then(() => {
      this.configuration.renew(configurationIn(this.files, this.folder))
    })
  }

  /** Releases what is held, and ends connections. */
  async close(): Promise<void> {
    await this.#parts.records.close()
  }

  // What is in it.

  /** Names of all environments, sorted by code unit. */
  list(): string[] {
    return environmentNames(this.files, this.folder)
  }

  /** As `list`; what cannot be looked into hides none of the others. */
  listing(): EnvironmentListing {
    return listWithUnreadable(this.files, this.folder)
  }

  has(name: string): boolean {
    return hasEnvironment(this.files, this.folder, environmentName(name))
  }

  /** @throws EscError `not_found`, with the nearest name there is. */
  environment(name: string): Environment {
    return this.#parts.environment(name)
  }

  // What is done with it.

  /** New environments: made, cloned, imported. */
  get additions(): Additions {
    return new Additions(this.#parts)
  }

  /** Environments that are removed, and brought back. */
  get removal(): Removal {
    return new Removal(this.#parts)
  }

  /** Other data keys, secrets providers and recipients. */
  get keys(): StoreKeys {
    return new StoreKeys(this.#parts)
  }

  /** Checks and repairs; packing, merging, and journal entries that were left over. */
  get upkeep(): Upkeep {
    return new Upkeep(this.#parts)
  }

  /** Copies of the store as a whole. */
  get transfer(): Transfer {
    return new Transfer(this.#parts)
  }

  /** Locks of those who send deliveries and run schedules. */
  get background(): Background {
    return new Background(this.#parts)
  }
}

/** @throws EscError `not_found` where there is no store. */
function configurationIn(files: FileSystem, folder: string): string {
  const text = readTextIfPresent(files, layout.configuration(folder))
  if (text !== undefined) return text
  throw new EscError('not_found', `${folder} is not an esc store: it has no esc.yaml`, {
    hint: rich`${step('make one', { do: 'create-store' })}`,
  })
}
