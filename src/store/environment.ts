import { join } from 'node:path'
import { EscError } from '../errors.ts'
import { appendLine, makeFolders } from '../files/index.ts'
import type { JsonObject } from '../json.ts'
import type { DataKey, KeyContext } from '../keys/index.ts'
import { type EnvironmentContext, restoreHint } from './environment-context.ts'
import { appendMachineEvent, readEvents } from './events.ts'
import type { GuardLevel } from './host.ts'
import { RotationJournal } from './journal/journal.ts'
import { EnvironmentKey } from './keys/environment-key.ts'
import { KeyTrust } from './keys/key-trust.ts'
import { readOpened, writeOpened } from './keys/opened-file.ts'
import { Seals } from './keys/seals.ts'
import { layout } from './layout.ts'
import type { Lock, ScheduleRun, StoreTransaction } from './records/records.ts'
import { type Append, appendRevision } from './revisions/append-revision.ts'
import { removePackedTwice } from './revisions/archive/packed-twice.ts'
import { History } from './revisions/history.ts'
import type { Revision } from './revisions/revision-file.ts'
import { Versions } from './revisions/versions.ts'
import { type DefinitionState, WorkingDefinition } from './revisions/working-definition.ts'
import { EnvironmentTags } from './settings/environment-tags.ts'
import { keyedFields, type Settings, sealedFields, sealSettings } from './settings/settings.ts'
import { type SettingsChange, SettingsFile } from './settings/settings-file.ts'
import { stateLayout } from './state/state-layout.ts'

/** One environment of a store: its revisions, settings, key, journal and events. */
export class Environment {
  /** Project and name, such as `rotators/ci`. */
  readonly name: string
  readonly folder: string
  #versions: Versions | undefined
  #tags: EnvironmentTags | undefined
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile
  readonly #history: History
  readonly #seals: Seals
  readonly #key: EnvironmentKey
  readonly #working: WorkingDefinition

  constructor(context: EnvironmentContext) {
    this.name = context.name
    this.folder = context.folder
    this.#context = context
    const settings = new SettingsFile(context)
    const history = new History(context, settings)
    const seals = new Seals(context, history, settings)
    this.#settings = settings
    this.#history = history
    this.#seals = seals
    this.#key = new EnvironmentKey(context, { settings, history, seals })
    this.#working = new WorkingDefinition(context, history)
  }

  get id(): string {
    return this.settings.id
  }

  /** The names of revisions, and which are retracted. */
  get versions(): Versions {
    this.#versions ??= new Versions({
      name: this.name,
      history: this.#history,
      settings: this.#settings,
      changeSealed: this.#changeSealed.bind(this),
    })
    return this.#versions
  }

  /** Keys and values people find the environment by. */
  get tags(): EnvironmentTags {
    this.#tags ??= new EnvironmentTags(this.#settings, (change) => this.changeSettings(change))
    return this.#tags
  }

  /** The data key beside those that this machine has seen before. */
  get keyTrust(): KeyTrust {
    return new KeyTrust(this.#context, this.#settings)
  }

  /** As last read or written by this object. */
  get settings(): Settings {
    return this.#settings.last
  }

  // Reading. Synchronous, and never needs a key.

  /**
   * The newest revision.
   * @throws EscError `tampered` when this machine has seen a newer one, another one of that
   *   number, or another data key.
   */
  current(): Revision {
    return this.#history.newest()
  }

  /**
   * The revision is on the disk when this returns, also if whoever wrote it
   * was killed before it was.
   */
  makeDurable(revision: Revision): void {
    this.#history.makeDurable(revision)
  }

  /**
   * A revision as it is kept, retracted or not; to open one, `resolve` it.
   * @throws EscError `not_found`, `store_damaged`; `tampered` when it lacks the seal
   *   that the settings ask for.
   */
  revision(number: number): Revision {
    return this.#history.revision(number)
  }

  /**
   * The revision that a version means: a number, `latest` or a tag. Undefined: the newest.
   * @throws RetractedError, which names the replacement; EscError `not_found`, `usage`,
   *   and what `current` throws.
   */
  resolve(version: string | undefined): Revision {
    return version === undefined ? this.current() : this.versions.resolve(version)
  }

  /** All revisions, newest first, each read when it is asked for. */
  history(): Generator<Revision> {
    return this.#history.newestFirst()
  }

  definitionState(newest: Revision = this.current()): DefinitionState {
    return this.#working.state(newest)
  }

  /**
   * The text of `environment.yaml` as it is now, edited or not. Undefined: there is no such file.
   */
  workingDefinition(): string | undefined {
    return this.#working.text()
  }

  // Keys and seals.

  /**
   * The data key, which must exist already; given a revision, verifies that too. The settings'
   * seal is always verified.
   * @throws EscError `key_unavailable` when there is none or it cannot be unwrapped; `tampered`.
   */
  async unlock(revision?: Revision): Promise<DataKey> {
    this.#guard('open')
    const key = await this.#key.existing()
    if (revision !== undefined) this.#seals.verifyRevision(revision, key)
    return key
  }

  /**
   * As `verify`, for who has unlocked it already. Says nothing about the settings' seal. @throws
   * EscError `tampered`.
   */
  verifyUnder(key: DataKey, revision: Revision): void {
    this.#seals.verifyRevision(revision, key)
  }

  /** The data key; made, wrapped and recorded in the settings when there is none yet. */
  async dataKey(): Promise<DataKey> {
    this.#guard(this.settings.wrappedDataKey === undefined ? 'write' : 'open')
    return this.#key.existingOrNew()
  }

  /**
   * Makes the first data key under a secrets provider, all or nothing. Returns false where there is
   * one already. `keys`: how the provider finds its key; default: as the store's do.
   */
  async makeKey(given: { readonly secretsProvider: string; readonly keys?: KeyContext }): Promise<boolean> {
    this.#guard('write')
    return this.#key.create(given)
  }

  /**
   * Checks the settings' seal, the newest revision's seal, that this one is what the newest goes
   * back to, and that the revision before it is the one it was made after. An environment without a
   * key must have nothing that is sealed.
   * @throws EscError `tampered`, naming the revision and its file.
   */
  async verify(revision: Revision): Promise<void> {
    if (this.settings.wrappedDataKey !== undefined) {
      await this.unlock(revision)
      return
    }
    this.#key.refuseLost(revision)
    const unsealed = keyedFields.find((field) => this.settings.get(field) !== undefined)
    if (unsealed === undefined) return
    throw new EscError('tampered', `${this.settings.file} has ${unsealed} that nothing vouches for`, {
      hint: restoreHint,
    })
  }

  // Writing.

  /**
   * Appends the next revision and makes it `environment.yaml`. Once this returns, the revision is
   * on the disk; if the process dies before, there is no such revision or a whole one. Makes the
   * data key when there is none.
   *
   * @throws EscError `conflict`, `unsaved_edit`, `locked`, `tampered`, `key_unavailable`, `io`.
   */
  async append(request: Append): Promise<Revision> {
    const key = await this.dataKey()
    const write = (transaction: StoreTransaction) =>
      appendRevision(request, key, {
        transaction,
        context: this.#context,
        settings: this.#settings,
        history: this.#history,
        seals: this.#seals,
        working: this.#working,
      })
    return this.#write('append', write, request.underLock)
  }

  /** Discards a hand edit: `environment.yaml` becomes the newest revision again. */
  async restoreDefinition(): Promise<void> {
    await this.#write('restore', () => this.#working.replace(this.current().definition))
  }

  /**
   * Makes `environment.yaml` the newest revision where a crash has left it
   * behind. A hand edit stays.
   */
  async refreshDefinition(): Promise<void> {
    await this.#write('refresh', () => {
      const newest = this.current()
      if (this.#working.state(newest) === 'stale') this.#working.replace(newest.definition)
    })
  }

  /** Removes files of revisions that are in an archive too, byte for byte. */
  async removePackedTwice(): Promise<void> {
    await this.#write('remove what is packed', () => removePackedTwice(this.#files, this.folder))
  }

  /**
   * Changes top-level fields of `settings.yaml`; all else in the file stays as it is. Not for
   * sealed fields (`docs/store.md`): those change with what they belong to.
   */
  async changeSettings(changes: SettingsChange): Promise<void> {
    await this.#write('settings', () => {
      this.#settings.change((settings) => {
        const changed = typeof changes === 'function' ? changes(settings) : changes
        const sealed = sealedFields.find((field) => field in changed)
        if (sealed !== undefined) throw new Error(`the setting ${sealed} is sealed`)
        return changed
      })
    })
  }

  /**
   * Changes a sealed field that is nobody else's business here, such as `schedule`. Makes the data
   * key when there is none yet.
   * @throws EscError `key_unavailable`, `tampered`; what `change` throws.
   */
  async changeSealedSettings(purpose: string, change: (settings: Settings) => JsonObject): Promise<void> {
    await this.#changeSealed(purpose, change)
  }

  /** While it is on, `Removal.remove` refuses. */
  async protectFromDeletion(on: boolean): Promise<void> {
    this.#guard('admin')
    await this.changeSettings({ deletionProtected: on })
  }

  /**
   * The revision of the highest number, whatever this machine remembers: for a person to
   * decide whether to believe it.
   */
  unconfirmedNewest(): Revision {
    return this.#history.unconfirmedNewest()
  }

  /**
   * Held for the whole of something that takes long, such as a rotation. Appending does not need
   * it. What an interrupted change of the secrets provider has left is completed or removed. `id`:
   * for settings that cannot be read.
   */
  async lock(purpose: string, options: { readonly waitMs?: number; readonly id?: string } = {}): Promise<Lock> {
    this.#guard('write')
    const { name, records } = this.#context
    const { waitMs = 2000, id = this.id } = options
    return records.lock({ kind: 'environment', id, name, purpose, waitMs })
  }

  /**
   * Held while one run of the environment's schedule is looked after, by one process at a time.
   * @throws EscError `locked`, naming the holder.
   */
  async lockSchedule(purpose: string): Promise<Lock> {
    this.#guard('write')
    return this.#context.records.lock({ kind: 'schedule', id: this.id, name: this.name, purpose, waitMs: 0 })
  }

  /**
   * Everything unfinished rotations have left; entries are encrypted under the data
   * key, on this machine only.
   */
  journal(): RotationJournal {
    const { state, host, records } = this.#context
    return new RotationJournal({
      host,
      records: records.journal(this.id),
      state,
      id: this.id,
      environment: this.name,
      createKey: () => this.dataKey(),
      existingKey: () => this.unlock(),
    })
  }

  /** Returns the bytes last kept with `keepOpened`. Undefined: nothing, or it cannot be read. */
  opened(): Uint8Array | undefined {
    return readOpened(this.#context, this.id)
  }

  /**
   * Keeps what opening it came to, encrypted by the caller, on this machine only,
   * where that can be written.
   */
  keepOpened(bytes: Uint8Array): void {
    writeOpened(this.#context, this.id, bytes)
  }

  /**
   * Appends one line to `events/<kind>.jsonl`, durably. No secrets: the file is committed as it is.
   * @param run the run of a schedule that the line is the record of, and which part of it.
   * @throws EscError `already_exists` when another process has recorded the run.
   */
  async appendEvent(
    kind: string,
    event: object,
    run?: ScheduleRun & { readonly part: 'recorded' | 'failed' },
  ): Promise<void> {
    this.#guard('write')
    await this.#context.records.transaction({ environment: this.name, purpose: 'record' }, (transaction) => {
      if (run !== undefined) transaction.partOf(run, run.part)
      const file = layout.events(this.folder, kind)
      makeFolders(this.#files, join(this.folder, 'events'))
      appendLine(this.#files, file, JSON.stringify(event))
    })
  }

  /**
   * Records what has come to nothing: on this machine alone, so that trying in vain changes no file
   * of the repository. For the holder of the environment's lock.
   */
  appendMachineEvent(kind: string, event: object): void {
    this.#guard('write')
    appendMachineEvent(this.#files, this.#machineEvents(kind), event)
  }

  /**
   * The events of a kind, oldest first, with those of this machine. A line that a
   * crash cut short is left out.
   */
  events<Event>(kind: string): Event[] {
    return readEvents<Event>(this.#files, { shared: layout.events(this.folder, kind), own: this.#machineEvents(kind) })
  }

  #machineEvents(kind: string): string {
    return stateLayout.events(this.#context.state.folder, { kind, id: this.id })
  }

  get #files() {
    return this.#context.host.files
  }

  async #changeSealed(purpose: string, change: (settings: Settings) => JsonObject): Promise<void> {
    const key = await this.dataKey()
    await this.#write(purpose, (transaction) => {
      this.#settings.refuseChangedKey()
      // As with revisions: do not lend a new seal to something changed.
      this.#seals.verifySettings(this.settings, key)
      const bound = this.#unsealedBound(key)
      this.#settings.change((settings) => sealSettings(settings, { ...bound, ...change(settings) }, key))
      transaction.afterwards(() => this.#history.rememberSettings())
    })
  }

  /** `sealedAfter` where an earlier version has made the key without it. */
  #unsealedBound(key: DataKey): JsonObject {
    const { sealedFrom = 1, sealedAfter } = this.settings
    if (sealedAfter !== undefined || sealedFrom === 1) return {}
    this.#seals.verifyRevision(this.current(), key)
    return { sealedAfter: this.#history.promisedDigest(sealedFrom - 1) }
  }

  /** @throws EscError `forbidden`. */
  #guard(level: GuardLevel): void {
    this.#context.host.guard(this.name, level)
  }

  /** The settings are read anew at the start. */
  async #write<T>(purpose: string, write: (transaction: StoreTransaction) => T, underLock = false): Promise<T> {
    this.#guard('write')
    try {
      const request = { environment: this.name, purpose, underLock }
      return await this.#context.records.transaction(request, (transaction) => {
        this.#settings.read()
        return write(transaction)
      })
    } catch (error) {
      // What the transaction has read and written may not be what is kept.
      this.#settings.forget()
      throw error
    }
  }
}
