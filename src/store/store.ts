import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { EscError } from '../errors.ts'
import { type FileSystem, machineFiles, readTextIfPresent, replaceFile } from '../files/index.ts'
import { makeDataKey, secretsProviderKind } from '../keys/index.ts'
import { rich, step } from '../rich-text.ts'
import type { AdoptedEnvironment } from './adopted-environment.ts'
import type { CheckOptions, CheckReport } from './check/check-store.ts'
import type { Finding } from './check/finding.ts'
import type { CloneOptions } from './clone.ts'
import { Environment } from './environment.ts'
import { type EnvironmentContext, keyMemo } from './environment-context.ts'
import { environmentName } from './environment-name.ts'
import {
  type EnvironmentListing,
  environmentNames,
  hasEnvironment,
  listWithUnreadable,
  noSuchEnvironment,
  refuseTaken,
} from './environments.ts'
import { findStoreFolder } from './find-store.ts'
import { FolderRecords } from './folder/folder-records.ts'
import { type CompleteHost, hostOfRecords, hostOfStore, type StoreHost } from './host.ts'
import { digestOfKey, HistoryMemory } from './keys/history-memory.ts'
import type { SecretsProviderChange, SecretsProviderChanged } from './keys/secrets-provider-change.ts'
import { archivesVersion, layout } from './layout.ts'
import type { RenumberEnvironment } from './merge/renumber-merged.ts'
import type { Renumbered } from './merge/renumbering.ts'
import {
  addEnvironment,
  type NewEnvironment,
  newEnvironment,
  type PreparedKey,
  takeBackEnvironment,
} from './new-environment.ts'
import { makeStore, type NewStore } from './new-store.ts'
import type { Lock, SharedRecords, StoreRecords, StoreTransaction } from './records/records.ts'
import { findRemoved, listRemoved, moveAway, moveBack, type RemovedEnvironment, refuseRemoval } from './removed.ts'
import type { Pruned, PruneRequest } from './revisions/archive/prune-revisions.ts'
import type { Author } from './revisions/revision-file.ts'
import type { StagedEnvironment } from './revisions/staging.ts'
import { cleanUpSwap } from './revisions/swap.ts'
import { StoreConfiguration } from './settings/store-configuration.ts'
import { settleEarlierState } from './state/earlier-state.ts'
import type { LeftEntry } from './state/left-entries.ts'
import { type StoreState, stateOf } from './state/state.ts'
import type { StoreSurvey } from './survey.ts'
import type { CopiedStore } from './transfer/copy-store.ts'

/**
 * A folder of environments (`docs/store.md`). What most commands never need, such as cloning and
 * checking, is loaded when it is asked for.
 */
export class Store {
  /** Absolute path of the folder that holds `esc.yaml`. */
  readonly folder: string
  /** The place where this machine keeps what it knows of the store. */
  readonly state: StoreState
  readonly configuration: StoreConfiguration
  readonly #host: CompleteHost
  readonly #records: StoreRecords
  readonly #memory: HistoryMemory
  #isApplyingRecipients = false

  private constructor(folder: string, text: string, host: CompleteHost, records?: StoreRecords) {
    this.folder = folder
    this.state = host.storeState ?? stateOf(host, folder)
    const earlier = layout.earlierState(folder)
    if (host.storeState === undefined && host.files.lstat(earlier) !== undefined) {
      settleEarlierState({ store: folder, state: this.state, host })
    }
    this.#records = records ?? new FolderRecords({ folder, state: this.state, host })
    this.configuration = new StoreConfiguration(folder, text, { host, records: this.#records })
    const { notify } = host.keys
    const keys: CompleteHost['keys'] = {
      ...host.keys,
      notify: (notice) => {
        if (notice.kind !== 'recipients-edited' || !this.#isApplyingRecipients) notify(notice)
      },
    }
    this.#host = { ...host, keys }
    const place = host.storeState === undefined ? this.state.store : folder
    this.#memory = new HistoryMemory({
      files: host.files,
      store: place,
      state: this.state,
      dated: this.kind !== 'folder',
      postponed: this.#records.postponed,
    })
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
    return this.#records.kind === 'folder' ? Store.open(this.folder, host) : Store.openIn(this.#records, host)
  }

  /**
   * Opens the store that `from` is in: the nearest folder upwards that is one, or has
   * one named `environments`.
   */
  static find(from: string, host: StoreHost): Store {
    return Store.open(findStoreFolder(host.files ?? machineFiles, from), host)
  }

  /**
   * Reads and writes below the store's folder, where only regular files and folders are touched.
   */
  get files(): FileSystem {
    return this.#host.files
  }

  /** `folder`: people edit it, and git keeps it. `database`: several machines use it at once. */
  get kind(): StoreRecords['kind'] {
    return this.#records.kind
  }

  /** The records that servers of the store share. Absent: it is in a folder. */
  get shared(): SharedRecords | undefined {
    return this.#records.shared
  }

  /**
   * Reads what others have changed since. Undefined: what is read is always as new as it can be.
   * @throws EscError `io`.
   */
  refresh(): Promise<void> | undefined {
    return this.#records.refresh()?.then(() => {
      this.configuration.renew(configurationIn(this.#host.files, this.folder))
    })
  }

  /** Releases what is held, and ends connections. */
  async close(): Promise<void> {
    await this.#records.close()
  }

  /** Label of the store in full names. */
  get organization(): string {
    return this.configuration.organization
  }

  /** Changes the text of a list of age recipients, of the store or of an environment. */
  async changeRecipients(file: string, change: (text: string) => string): Promise<void> {
    this.#host.guard('*', 'admin')
    await this.#records.transaction({ purpose: 'recipients' }, () => {
      const before = readTextIfPresent(this.#host.files, file) ?? ''
      const after = change(before)
      if (after !== before) replaceFile(this.#host.files, file, Buffer.from(after))
    })
  }

  /**
   * Runs what encrypts data keys for the lists of recipients as they are now. Meanwhile nobody is
   * told that a list was edited and its keys are not encrypted for it yet.
   */
  async applyingRecipients<Result>(run: () => Promise<Result>): Promise<Result> {
    const before = this.#isApplyingRecipients
    this.#isApplyingRecipients = true
    try {
      return await run()
    } finally {
      this.#isApplyingRecipients = before
    }
  }

  /** Names of all environments, sorted by code unit. */
  list(): string[] {
    return environmentNames(this.#host.files, this.folder)
  }

  /** As `list`; what cannot be looked into hides none of the others. */
  listing(): EnvironmentListing {
    return listWithUnreadable(this.#host.files, this.folder)
  }

  has(name: string): boolean {
    return hasEnvironment(this.#host.files, this.folder, environmentName(name))
  }

  /**
   * Refuses a name that a new environment cannot have.
   * @throws EscError `invalid_input`; `already_exists`, also where only the case differs.
   */
  refuseName(name: string): void {
    refuseTaken(this.#host.files, this.folder, environmentName(name))
  }

  /** @throws EscError `not_found`, with the nearest name there is. */
  environment(name: string): Environment {
    const full = environmentName(name)
    this.#host.guard(full, 'read')
    const { files } = this.#host
    if (!hasEnvironment(files, this.folder, full)) throw noSuchEnvironment(files, this.folder, full)
    return this.#handle(full)
  }

  /**
   * Makes an environment with one revision. It appears whole or not at all.
   * @throws EscError `already_exists`, `invalid_input`.
   */
  async create(name: string, options: NewEnvironment): Promise<Environment> {
    const full = environmentName(name)
    this.#host.guard(full, 'write')
    if (options.secretsProvider !== undefined) secretsProviderKind(options.secretsProvider)
    return this.#records.transaction({ purpose: 'create' }, (transaction) => {
      const { key: prepared, secretsProvider = this.configuration.defaultSecretsProvider } = options
      const made = this.#add(full, newEnvironment(options, secretsProvider), transaction)
      if (prepared !== undefined) this.#rememberKey(prepared)
      return made
    })
  }

  /**
   * Makes the data key of an environment that is to be created, which asks its secrets
   * provider. Writes nothing.
   * @throws EscError `already_exists`, `key_unavailable` and others of secrets providers.
   */
  async prepareKey(name: string, secretsProvider = this.configuration.defaultSecretsProvider): Promise<PreparedKey> {
    const full = environmentName(name)
    this.#host.guard(full, 'write')
    refuseTaken(this.#host.files, this.folder, full)
    const folders = [layout.environment(this.folder, full), this.folder]
    const owner = { id: randomUUID(), name: full, folders }
    return { secretsProvider, ...(await makeDataKey(secretsProvider, this.#host.keys, owner)) }
  }

  /**
   * Takes back an environment that `create` has made, as long as nothing was added to it: for when
   * what was to follow has failed.
   */
  async takeBack(environment: Environment): Promise<void> {
    this.#host.guard(environment.name, 'write')
    await this.#records.transaction({ purpose: 'take back', also: environment.name }, (transaction) => {
      const now = this.#handle(environment.name)
      if (now.id === environment.id && now.current().number === 1) {
        takeBackEnvironment(this.#host.files, this.folder, environment.name)
        transaction.afterwards(() => this.#memory.forget(environment.id))
      }
    })
  }

  /**
   * Makes an environment of another store one of this: with its history, whole or not at all.
   * @throws EscError `already_exists`, `invalid_input`; `io`.
   */
  async adopt(name: string, content: AdoptedEnvironment): Promise<Environment> {
    const full = environmentName(name)
    this.#host.guard(full, 'write')
    const { adoptedEnvironment } = await import('./adopted-environment.ts')
    const staged = adoptedEnvironment(content)
    return this.#records.transaction({ purpose: 'import' }, (transaction) => {
      const made = this.#add(full, staged, transaction)
      this.#rememberKey(content.key)
      return made
    })
  }

  /**
   * Makes an environment from another one: with an id and a data key of its own, whole or not at
   * all. Rotations, schedules, webhooks and protection stay with the source.
   * @throws EscError `not_found`, `already_exists`, `invalid_input`,
   *   `key_unavailable`, `tampered`; `io`.
   */
  async clone(source: string, target: string, options: CloneOptions): Promise<Environment> {
    const full = environmentName(target)
    this.#host.guard(full, 'write')
    const original = this.environment(source)
    this.#host.guard(original.name, 'open')
    refuseTaken(this.#host.files, this.folder, full)
    const { defaultSecretsProvider } = this.configuration
    const { prepareClone } = await import('./clone.ts')
    // May ask a person or the network, so before the lock.
    const content = await prepareClone(original, full, options, {
      keys: this.#host.keys,
      files: this.#host.files,
      defaultSecretsProvider,
    })
    return this.#records.transaction({ purpose: 'clone' }, (transaction) => this.#add(full, content, transaction))
  }

  /**
   * Removes an environment, as far as one can see: its folder moves to `.removed/` of the store,
   * whole, from where `restore` brings it back. Refused while it is protected, or while its journal
   * holds credentials of an unfinished rotation.
   */
  async remove(name: string, by: { readonly author: Author; readonly removed: Date }): Promise<void> {
    const environment = this.environment(name)
    this.#host.guard(environment.name, 'admin')
    const busy = await environment.lock('remove')
    try {
      await this.#records.transaction({ purpose: 'remove', also: environment.name }, () => {
        cleanUpSwap(this.#host.files, environment.folder)
        refuseRemoval(environment)
        moveAway(this.#host.files, this.folder, environment, by)
      })
    } finally {
      busy.release()
    }
  }

  /** Environments that were removed, the last removed first. */
  removed(): RemovedEnvironment[] {
    return listRemoved(this.#host.files, this.folder)
  }

  /**
   * Brings a removed environment back as it was. `id` chooses one of several of that name;
   * default: the last removed.
   * @throws EscError `not_found`; `already_exists` when the name has been given to another since.
   */
  async restore(name: string, options: { readonly id?: string } = {}): Promise<Environment> {
    const full = environmentName(name)
    this.#host.guard(full, 'admin')
    return this.#records.transaction({ purpose: 'restore' }, (transaction) => {
      // What the error offers instead is what the caller may know of.
      const known = this.removed().filter(({ name: each }) => each === full || this.#mayRead(each))
      const removed = findRemoved(known, full, options.id)
      refuseTaken(this.#host.files, this.folder, full)
      moveBack(this.#host.files, this.folder, removed)
      return this.#made(full, transaction)
    })
  }

  #mayRead(name: string): boolean {
    try {
      this.#host.guard(name, 'read')
      return true
    } catch {
      return false
    }
  }

  /**
   * Gives an environment a new data key under another secrets provider, all or nothing. Killed at
   * any moment, it leaves the environment whole under the one or the other.
   * @throws EscError `conflict`, `unsaved_edit`, `tampered`, `key_unavailable`, `usage`, `io`.
   */
  async changeSecretsProvider(name: string, change: SecretsProviderChange): Promise<SecretsProviderChanged> {
    const environment = this.environment(name)
    this.#host.guard(environment.name, 'admin')
    const { reencryptUnder: changeSecretsProvider } = await import('./keys/secrets-provider-change.ts')
    const context = this.#context(environment.name)
    const changed = await this.applyingRecipients(() => changeSecretsProvider(environment, context, change))
    this.#handle(environment.name).current()
    return changed
  }

  /**
   * Wraps an environment's data key again, under the same secrets provider or
   * another URL of its kind.
   */
  async rewrapKey(name: string, secretsProvider?: string): Promise<{ readonly from: string; readonly to: string }> {
    const environment = this.environment(name)
    this.#host.guard(environment.name, 'admin')
    const { rewrap } = await import('./keys/rewrap.ts')
    const context = this.#context(environment.name)
    const done = await this.applyingRecipients(() => rewrap(environment, context, secretsProvider))
    this.#handle(environment.name).current()
    return done
  }

  /**
   * Packs old revisions of an environment into an archive, from which they are read as before.
   * Killed at any moment, it leaves every revision readable. The first time, it raises the version
   * of the store's format, so that programs that know no archives refuse.
   * @throws EscError `tampered`, `store_damaged`, `locked`, `io`.
   */
  async prune(name: string, request: PruneRequest): Promise<Pruned> {
    const environment = this.environment(name)
    this.#host.guard(environment.name, request.dryRun ? 'read' : 'admin')
    const { pruneRevisions } = await import('./revisions/archive/prune-revisions.ts')
    const raiseFormat = () => this.configuration.raiseFormat(archivesVersion)
    const before = this.configuration.formatVersion
    const pruned = await pruneRevisions(environment, this.#context(environment.name), { ...request, raiseFormat })
    return { ...pruned, raisesFormat: pruned.packed !== undefined && before < archivesVersion }
  }

  /**
   * After a git merge that took revisions of one environment from both sides: puts those of theirs
   * after those of ours, and adds one that holds what both did (`Renumbered`). By default the sides
   * are those of the merge in progress, or of the last commit if that was a merge; in the end the
   * environment's files are added to git's index, which marks the conflict as resolved.
   *
   * @throws EscError `conflict` when a person must resolve `environment.yaml` first;
   *   `usage` when there is no merge; `unsupported` for a store in a database.
   */
  async renumber(name: string, options: RenumberEnvironment): Promise<Renumbered> {
    const context = this.#context(environmentName(name))
    this.#host.guard(context.name, 'write')
    if (this.kind !== 'folder') {
      throw new EscError('unsupported', 'only git merges histories, and the store is in a database', {
        hint: 'two writers never get the same number there',
      })
    }
    const { renumberMerged } = await import('./merge/renumber-merged.ts')
    return renumberMerged(context, options)
  }

  /**
   * Copies the store, which is in a folder, to a database without one, byte for byte. Needs no key.
   * @throws EscError `already_exists`; `conflict` where a rotation is unfinished; `unsaved_edit`,
   *   `unsupported`, `tampered`, `locked`, `io`.
   */
  async copyTo(records: StoreRecords): Promise<CopiedStore> {
    this.#host.guard('*', 'admin')
    if (this.kind !== 'folder') {
      throw new EscError('unsupported', 'only a store in a folder can be copied to a database', {
        hint: 'copy this one to a folder first',
      })
    }
    const { importStore } = await import('./transfer/copy-store.ts')
    const environments = this.list().map((name) => this.#handle(name))
    return importStore({ files: this.#host.files, folder: this.folder, environments }, records)
  }

  /**
   * Copies the store to a new folder, byte for byte, whatever it is kept in. Needs no key.
   * @throws EscError `already_exists`, `io`.
   */
  async copyToFolder(folder: string): Promise<CopiedStore> {
    this.#host.guard('*', 'admin')
    const { exportStore } = await import('./transfer/copy-store.ts')
    return exportStore(this.#records, folder)
  }

  /**
   * Reads what all environments say in the clear. Asks no access rule: it returns no
   * value of any environment.
   */
  async survey(): Promise<StoreSurvey> {
    const { surveyStore } = await import('./survey.ts')
    return surveyStore(this.#host.files, this.folder)
  }

  /**
   * Verifies everything there is, as far as the keys at hand allow, and says what
   * is wrong. Changes nothing.
   */
  async check(options: CheckOptions = {}): Promise<CheckReport> {
    const { findTroubles: checkStore } = await import('./check/check-store.ts')
    const context = (name: string) => this.#context(name)
    return checkStore({ folder: this.folder, state: this.state, host: this.#host, context }, options)
  }

  /**
   * Journal entries of an environment of this name that is not here any more, or
   * never was on this machine.
   */
  async leftEntries(name: string): Promise<readonly LeftEntry[]> {
    const full = environmentName(name)
    this.#host.guard(full, 'read')
    const { leftEntries } = await import('./state/left-entries.ts')
    const present = this.has(full) ? [this.#handle(full).id] : []
    return leftEntries({ files: this.#host.files, state: this.state }, { name: full, present })
  }

  /**
   * Takes an entry of `leftEntries` out of the journal. It is kept, encrypted as it is, in
   * the place that is returned.
   */
  async setAside(name: string, { environmentId, file }: LeftEntry): Promise<string> {
    this.#host.guard(environmentName(name), 'write')
    const { setLeftEntryAside } = await import('./state/left-entries.ts')
    return setLeftEntryAside({ state: this.state, host: this.#host }, { name, id: environmentId, file })
  }

  /**
   * Does what the fixable ones of some findings ask for, and returns those. Nothing that
   * anybody needs is lost by it.
   */
  async fix(findings: readonly Finding[]): Promise<readonly Finding[]> {
    const { fix } = await import('./check/fix.ts')
    const fixable = findings.filter((finding) => finding.fixable)
    const environment = (name: string) => this.environment(name)
    for (const finding of fixable) await fix(finding, { folder: this.folder, host: this.#host, environment })
    return fixable
  }

  /**
   * For whoever sends the deliveries of webhooks: one at a time. Undefined: another one is at it.
   */
  async tryLockWebhooks(): Promise<Lock | undefined> {
    try {
      return await this.#records.lock({ kind: 'webhooks', purpose: 'deliver', waitMs: 0 })
    } catch (error) {
      if (error instanceof EscError && error.code === 'locked') return undefined
      throw error
    }
  }

  /**
   * Held while the schedules of the store are looked after: one process at a time, on this machine.
   * @throws EscError `locked`, naming the holder.
   */
  async lockScheduler(purpose: string): Promise<Lock> {
    return this.#records.lock({ kind: 'scheduler', purpose, waitMs: 0 })
  }

  /**
   * Returns the time when a scheduler last looked after the store on this machine. Undefined:
   * never, as far as is known.
   */
  async schedulerLook(): Promise<Date | undefined> {
    return (await import('./state/scheduler-look.ts')).schedulerLook(this.#looked)
  }

  /** Records that a scheduler has looked after the store on this machine. Never throws. */
  async recordSchedulerLook(at: Date): Promise<void> {
    const { recordSchedulerLook } = await import('./state/scheduler-look.ts')
    recordSchedulerLook(this.#looked, at)
  }

  get #looked() {
    return { state: this.state, host: this.#host }
  }

  /** The key of an environment that was made a moment ago, by us. */
  #rememberKey({ key, wrapped }: PreparedKey): void {
    this.#host.unwrapped.set(keyMemo(key.owner, wrapped), Promise.resolve(key))
    this.#memory.trustKey(key.owner.id, digestOfKey(wrapped))
  }

  #handle(name: string): Environment {
    return new Environment(this.#context(name))
  }

  #context(name: string): EnvironmentContext {
    return {
      name,
      folder: layout.environment(this.folder, name),
      store: this.folder,
      state: this.state,
      host: this.#host,
      records: this.#records,
      memory: this.#memory,
      keys: this.#host.unwrapped,
      defaultSecretsProvider: () => this.configuration.defaultSecretsProvider,
    }
  }

  #add(name: string, content: StagedEnvironment, transaction: StoreTransaction): Environment {
    addEnvironment(this.#host.files, this.folder, name, content)
    return this.#made(name, transaction)
  }

  /**
   * Somebody at this machine has just given the environment its name, which another
   * one may have had before.
   */
  #made(name: string, transaction: StoreTransaction): Environment {
    const environment = this.#handle(name)
    if (environment.keyTrust.isReplaced()) transaction.afterwards(() => this.#memory.acceptName(name, environment.id))
    return environment
  }
}

/** @throws EscError `not_found` where there is no store. */
function configurationIn(files: FileSystem, folder: string): string {
  const text = readTextIfPresent(files, layout.configuration(folder))
  if (text !== undefined) return text
  throw new EscError('not_found', `${folder} is no esc store: it has no esc.yaml`, {
    hint: rich`${step('make one', { do: 'create-store' })}`,
  })
}
