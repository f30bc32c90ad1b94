import type { DataKey, KeyContext } from '../keys/index.ts'
import { changeEnvironment, type EnvironmentWrite } from './change-environment.ts'
import type { EnvironmentContext } from './environment-context.ts'
import { EnvironmentEvents } from './environment-events.ts'
import type { GuardLevel } from './host.ts'
import { RotationJournal } from './journal/journal.ts'
import { EnvironmentKey } from './keys/environment-key.ts'
import { KeyTrust } from './keys/key-trust.ts'
import { readOpened, writeOpened } from './keys/opened-file.ts'
import { Seals } from './keys/seals.ts'
import type { Lock, StoreTransaction } from './records/records.ts'
import { type Append, appendRevision } from './revisions/append-revision.ts'
import { removePackedTwice } from './revisions/archive/packed-twice.ts'
import { History } from './revisions/history.ts'
import type { Revision } from './revisions/revision-file.ts'
import { Versions } from './revisions/versions.ts'
import { type DefinitionState, WorkingDefinition } from './revisions/working-definition.ts'
import { EnvironmentTags } from './settings/environment-tags.ts'
import type { Settings } from './settings/settings.ts'
import { SettingsFile } from './settings/settings-file.ts'
import { SettingsWriter } from './settings/settings-writer.ts'
import { ToldEvent } from './settings/told-event.ts'

/** One environment of a store: its revisions, settings, key, journal and events. */
export class Environment {
  /** Project and name, such as `rotators/ci`. */
  readonly name: string
  readonly folder: string
  /** The event for webhooks that goes with a change of the settings. */
  readonly told = new ToldEvent()
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
      changeSealed: (purpose, change) => this.settingsWriter.changeSealed(purpose, change),
    })
    return this.#versions
  }

  /** Keys and values people find the environment by. */
  get tags(): EnvironmentTags {
    this.#tags ??= new EnvironmentTags(this.#settings, (change) => this.settingsWriter.change(change))
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

  get settingsWriter(): SettingsWriter {
    const [context, settings, history] = [this.#context, this.#settings, this.#history]
    const { told } = this
    return new SettingsWriter({ context, settings, history, seals: this.#seals, key: this.#key, told })
  }

  /** Rotations, and runs of the schedule. */
  get events(): EnvironmentEvents {
    return new EnvironmentEvents(this.#context, this.id)
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
    this.#history.files.makeDurable(revision)
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
    if (this.settings.wrappedDataKey === undefined) this.#key.refuseSealed(revision)
    else await this.unlock(revision)
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
    return this.#write('append', write, { underLock: request.underLock, base: request.base })
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
    await this.#write('remove what is packed', () => removePackedTwice(this.#context.host.files, this.folder))
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

  /** @throws EscError `forbidden`. */
  #guard(level: GuardLevel): void {
    this.#context.host.guard(this.name, level)
  }

  #write<Result>(
    purpose: string,
    write: (transaction: StoreTransaction) => Result,
    further: Omit<EnvironmentWrite, 'purpose'> = {},
  ): Promise<Result> {
    return changeEnvironment({ context: this.#context, settings: this.#settings }, { purpose, ...further }, write)
  }
}
