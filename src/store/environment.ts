import { join } from 'node:path'
import { DataKey, type KeyOwner, openSecretsProvider } from '../crypto/index.ts'
import { EscError, messageOf } from '../errors.ts'
import {
  appendLine,
  createFile,
  ioError,
  listIfPresent,
  makeFolders,
  readIfPresent,
  removeQuietly,
  replaceFile,
  statusOf,
  temporaryPrefix,
} from '../files/index.ts'
import type { JsonObject } from '../json.ts'
import type { HistoryMemory } from './history-memory.ts'
import { Journal } from './journal.ts'
import { layout } from './layout.ts'
import { FileLock, type Lock } from './lock.ts'
import { newestNumber } from './newest.ts'
import {
  type Author,
  type Change,
  digestOf,
  formatRevision,
  parseRevision,
  type Revision,
  sealedBytesOf,
} from './revision-file.ts'
import { Settings } from './settings.ts'
import type { CompleteWorld } from './world.ts'

/** What an environment shares with its store. */
export interface EnvironmentPlace {
  readonly store: string
  readonly world: CompleteWorld
  readonly memory: HistoryMemory
  /** Unwrapped data keys of this process, by environment id and wrapped text. */
  readonly keys: Map<string, Promise<DataKey>>
  readonly defaultSecretsProvider: () => string
}

export interface Append {
  /** The revision this change was made from: a conflict, not a lost update, when it is no longer the newest. */
  readonly base: number
  readonly definition: string
  readonly change: Change
  readonly author: Author
  readonly created: Date
  /** Further fields of the record. */
  readonly details?: Readonly<Record<string, string>>
  /** When a hand edit is being saved: the text of `environment.yaml` that was read. Any other edit is refused. */
  readonly savedEdit?: string
}

/**
 * Whether `environment.yaml` is the newest revision (`clean`), the one before it or absent, as after a crash
 * (`stale`: the next writer puts it right), or something else (`edited` by hand).
 */
export type DefinitionState = 'clean' | 'stale' | 'edited'

/** Top-level fields to set or, where undefined, to remove; a function gets the settings as they are under the lock. */
export type SettingsChange = JsonObject | ((settings: Settings) => JsonObject)

/** How long a writer waits for another writer, in milliseconds: writes take a few. */
const writeWaitMs = 15_000

/** One environment of a store: its revisions, settings, key, journal and events. */
export class Environment {
  /** Project and name, such as `rotators/ci`. */
  readonly name: string
  readonly folder: string
  readonly #place: EnvironmentPlace
  #settings: Settings | undefined
  /** Digests of revisions whose seal has been verified. */
  readonly #verified = new Set<string>()

  constructor(name: string, place: EnvironmentPlace) {
    this.name = name
    this.#place = place
    this.folder = layout.environment(place.store, name)
  }

  get id(): string {
    return this.settings.id
  }

  /** As last read or written by this object. */
  get settings(): Settings {
    this.#settings ??= this.#readSettings()
    return this.#settings
  }

  // Reading. Synchronous, and never needs a key.

  /**
   * The newest revision.
   * @throws EscError `tampered` when this machine has seen a newer one, or another one of that number.
   */
  current(): Revision {
    const { memory } = this.#place
    const { id } = this.settings
    // Memory first: it never runs ahead of the folder, so what it knows must be there.
    const seen = memory.recall(id)
    const number = this.#newestNumber(seen?.number)
    if (number === 0) throw this.#missing(1)
    const newest = this.revision(number)
    if (seen === undefined || seen.digest !== newest.digest || seen.key !== this.#keyDigest()) {
      // Another process may have made the key since the settings were read: memory may know of it before this object does.
      this.#settings = this.#readSettings()
      const sighting = { number, digest: newest.digest, key: this.#keyDigest() }
      if (seen !== undefined) this.#compareWithMemory(newest, seen, sighting.key)
      memory.remember(id, sighting)
    }
    return newest
  }

  /** @throws EscError `not_found`, `store_damaged`; `tampered` when it lacks the seal that the settings ask for. */
  revision(number: number): Revision {
    const file = layout.revision(this.folder, number)
    const bytes = Number.isSafeInteger(number) && number > 0 ? readIfPresent(this.#files, file) : undefined
    if (bytes === undefined) throw this.#missing(number)
    const revision = parseRevision(bytes, file, number)
    const { sealedFrom } = this.settings
    if (revision.seal === undefined && sealedFrom !== undefined && number >= sealedFrom) {
      throw new EscError('tampered', `revision ${number} of environment '${this.name}' has lost its seal: ${file}`, {
        hint: restoreHint,
      })
    }
    return revision
  }

  /** All revisions, newest first, each read when it is asked for. */
  *history(): Generator<Revision> {
    for (let number = this.current().number; number > 0; number--) yield this.revision(number)
  }

  definitionState(newest: Revision = this.current()): DefinitionState {
    const text = this.#readDefinition()
    if (text === undefined) return 'stale'
    if (text.equals(Buffer.from(newest.definition))) return 'clean'
    const before = newest.number > 1 ? this.revision(newest.number - 1) : undefined
    return before !== undefined && text.equals(Buffer.from(before.definition)) ? 'stale' : 'edited'
  }

  /** The text of `environment.yaml` as it is now, edited or not. Undefined: there is no such file. */
  workingDefinition(): string | undefined {
    const bytes = this.#readDefinition()
    if (bytes === undefined) return undefined
    const text = bytes.toString()
    if (!Buffer.from(text).equals(bytes)) {
      throw new EscError('invalid_input', `${layout.definition(this.folder)} is not UTF-8 text`, {
        hint: 'save it as UTF-8, or discard the edit',
      })
    }
    return text
  }

  // Keys and seals.

  /**
   * The data key, which must exist already; given a revision, verifies that too.
   * @throws EscError `key_unavailable` when there is none or it cannot be unwrapped; `tampered`.
   */
  async unlock(revision?: Revision): Promise<DataKey> {
    const { wrappedDataKey } = this.settings
    if (wrappedDataKey === undefined) {
      throw new EscError(
        'key_unavailable',
        `environment '${this.name}' has no data key, so nothing in it can be decrypted`,
        {
          hint: `restore wrappedDataKey in ${layout.settings(this.folder)} from the git history`,
        },
      )
    }
    const key = await this.#unwrap(this.settings, wrappedDataKey)
    if (revision !== undefined) this.#verify(revision, key)
    return key
  }

  /** The data key; made, wrapped and recorded in the settings when there is none yet. */
  async dataKey(): Promise<DataKey> {
    if (this.settings.wrappedDataKey === undefined) this.#settings = this.#readSettings()
    if (this.settings.wrappedDataKey === undefined) await this.#createKey()
    return this.unlock()
  }

  /**
   * Checks a revision's seal and that the revision before it is the one it was made after; for one that is older than
   * the environment's key, that later ones vouch for it. Environments without a key have nothing to check.
   * @throws EscError `tampered`, naming the revision and its file.
   */
  async verify(revision: Revision): Promise<void> {
    if (this.settings.wrappedDataKey === undefined) this.#refuseLostKey(revision)
    else await this.unlock(revision)
  }

  // Writing.

  /**
   * Appends the next revision and makes it `environment.yaml`. Once this returns, the revision is on the disk; if the
   * process dies before, there is no such revision or a whole one. Makes the data key when there is none.
   *
   * @throws EscError `conflict`, `unsaved_edit`, `locked`, `tampered`, `key_unavailable`, `io`.
   */
  async append(request: Append): Promise<Revision> {
    const key = await this.dataKey()
    const { wrappedDataKey } = this.settings
    return this.#write('append', () => {
      const newest = this.current()
      if (this.settings.wrappedDataKey !== wrappedDataKey) throw this.#keyChanged()
      if (newest.number !== request.base) throw this.#conflict(request.base, newest)
      // A seal vouches for all that came before it; do not lend ours to something changed.
      this.#verify(newest, key)
      this.#settleDefinition(newest, request.savedEdit)
      const number = newest.number + 1
      const { definition, change, author, created, details = {} } = request
      const record = { number, change, author, created, details, previous: newest.digest }
      const bytes = formatRevision(record, definition, (sealed) => key.seal('revision', sealed))
      const file = layout.revision(this.folder, number)
      if (!this.#createRevision(file, bytes)) throw this.#conflict(request.base, this.current())
      try {
        replaceFile(this.#files, layout.definition(this.folder), Buffer.from(definition))
      } catch (error) {
        // The revision is safe; only the copy that people read lags behind, and the next writer puts it right.
        this.#place.world.keys.notify(`Revision ${number} of '${this.name}' was saved, but: ${messageOf(error)}`)
      }
      const revision = parseRevision(bytes, file, number)
      this.#place.memory.remember(this.id, { number, digest: revision.digest, key: this.#keyDigest() })
      return revision
    })
  }

  /** Discards a hand edit: `environment.yaml` becomes the newest revision again. */
  async restoreDefinition(): Promise<void> {
    await this.#write('restore', () => {
      replaceFile(this.#files, layout.definition(this.folder), Buffer.from(this.current().definition))
    })
  }

  /** Changes top-level fields of `settings.yaml`; all else in the file stays as it is. */
  async changeSettings(changes: SettingsChange): Promise<void> {
    await this.#write('settings', () => this.#replaceSettings(changes))
  }

  /** Held for the whole of something that takes long, such as a rotation. Appending does not need it. */
  async lock(purpose: string, options: { readonly waitMs?: number } = {}): Promise<Lock> {
    const { store, world } = this.#place
    return FileLock.acquire(world, layout.lock(store, 'environment', this.name), {
      what: `environment '${this.name}'`,
      purpose,
      waitMs: options.waitMs ?? 2000,
    })
  }

  /** What unfinished rotations have left; entries are encrypted under the data key, on this machine only. */
  journal(): Journal {
    return new Journal({
      files: this.#files,
      folder: layout.journal(this.#place.store, this.id),
      environment: this.name,
      createKey: () => this.dataKey(),
      existingKey: () => this.unlock(),
    })
  }

  /** Appends one line to `events/<kind>.jsonl`, durably. No secrets: the file is committed as it is. */
  appendEvent(kind: string, event: object): void {
    const file = layout.events(this.folder, kind)
    makeFolders(this.#files, join(this.folder, 'events'))
    appendLine(this.#files, file, JSON.stringify(event))
  }

  /** The events of a kind, oldest first. A line that a crash cut short is left out. */
  events<Event>(kind: string): Event[] {
    const bytes = readIfPresent(this.#files, layout.events(this.folder, kind))
    const lines = bytes === undefined ? [] : Buffer.from(bytes).toString().split('\n')
    return lines.flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Event]
      } catch {
        return []
      }
    })
  }

  get #files() {
    return this.#place.world.files
  }

  get #owner(): KeyOwner {
    return { id: this.id, name: this.name }
  }

  #readSettings(): Settings {
    const file = layout.settings(this.folder)
    const bytes = readIfPresent(this.#files, file)
    if (bytes === undefined) {
      throw new EscError('not_found', `environment '${this.name}' does not exist: there is no ${file}`)
    }
    return new Settings(Buffer.from(bytes).toString(), file)
  }

  #readDefinition(): Buffer | undefined {
    const bytes = readIfPresent(this.#files, layout.definition(this.folder))
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #newestNumber(hint?: number): number {
    return newestNumber((number) => statusOf(this.#files, layout.revision(this.folder, number)) !== undefined, hint)
  }

  #keyDigest(): string {
    const { wrappedDataKey } = this.settings
    return wrappedDataKey === undefined ? '' : digestOf(Buffer.from(wrappedDataKey))
  }

  #compareWithMemory(newest: Revision, seen: { number: number; digest: string; key: string }, key: string): void {
    const refuse = (problem: string) => {
      throw new EscError('tampered', `${problem}, in ${layout.revisions(this.folder)}`, {
        hint: `restore the files from the git history; if the history was reset on purpose, delete ${this.#place.memory.file(this.id)}`,
      })
    }
    if (newest.number < seen.number) {
      refuse(
        `the history of environment '${this.name}' was cut short: its newest revision is ${newest.number}, and this machine has seen revision ${seen.number}`,
      )
    }
    if (key === '' && seen.key !== '') refuse(`the settings of environment '${this.name}' have lost the data key`)
    if (key !== seen.key && seen.key !== '') return
    const then = newest.number === seen.number ? newest : this.revision(seen.number)
    if (then.digest !== seen.digest) {
      refuse(`revision ${seen.number} of environment '${this.name}' is not the one this machine has seen before`)
    }
  }

  async #unwrap(settings: Settings, wrapped: string): Promise<DataKey> {
    const { keys, world } = this.#place
    const memo = `${settings.id} ${wrapped}`
    let unwrapped = keys.get(memo)
    if (unwrapped === undefined) {
      unwrapped = (async () => {
        const provider = await openSecretsProvider(this.#providerOf(settings), world.keys, this.#owner)
        return new DataKey(await provider.unwrapKey(wrapped), this.#owner)
      })()
      keys.set(memo, unwrapped)
      // A failure is not kept: the next try may have the key.
      unwrapped.catch(() => keys.delete(memo))
    }
    const key = await unwrapped
    const { sealedFrom, settingsSeal } = settings
    if (!key.verifySeal('settings', sealedSettings(sealedFrom), settingsSeal ?? '')) {
      throw new EscError('tampered', `sealedFrom in ${settings.file} was changed`, { hint: restoreHint })
    }
    return key
  }

  #providerOf(settings: Settings): string {
    return settings.secretsProvider ?? this.#place.defaultSecretsProvider()
  }

  async #createKey(): Promise<void> {
    const { world } = this.#place
    this.#refuseLostKey(this.current())
    // Wrapping may ask a person or the network, so it is done before the lock is taken; whoever is first under the lock wins.
    const key = DataKey.generate(this.#owner)
    const provider = await openSecretsProvider(this.#providerOf(this.settings), world.keys, this.#owner)
    const secretsProvider = this.#providerOf(this.settings)
    const wrappedDataKey = await provider.wrapKey(key.revealBytes())
    await this.#write('key', () =>
      this.#replaceSettings((settings) => {
        if (settings.wrappedDataKey !== undefined) return {}
        const sealedFrom = this.current().number + 1
        const settingsSeal = key.seal('settings', sealedSettings(sealedFrom))
        return { secretsProvider, wrappedDataKey, sealedFrom, settingsSeal }
      }),
    )
  }

  /** A sealed revision without a key in the settings: making a new key would hide that something is gone. */
  #refuseLostKey(revision: Revision): void {
    if (revision.seal === undefined) return
    throw new EscError(
      'store_damaged',
      `revision ${revision.number} of environment '${this.name}' is sealed, but ${this.settings.file} has no wrappedDataKey`,
      { hint: restoreHint },
    )
  }

  #verify(revision: Revision, key: DataKey): void {
    if (this.#verified.has(revision.digest)) return
    const { sealedFrom } = this.settings
    if (revision.seal !== undefined) {
      this.#verifySeal(revision, key)
      if (revision.number > 1) this.#verifyLink(revision)
    } else if (sealedFrom !== undefined && revision.number < sealedFrom) {
      // Older than the key: the first sealed revision vouches for the chain before it.
      if (this.#newestNumber(sealedFrom - 1) >= sealedFrom) {
        const first = this.revision(sealedFrom)
        this.#verifySeal(first, key)
        for (let later = first; later.number > revision.number; later = this.revision(later.number - 1)) {
          this.#verifyLink(later)
        }
      }
    }
    this.#verified.add(revision.digest)
  }

  #verifySeal(revision: Revision, key: DataKey): void {
    if (key.verifySeal('revision', sealedBytesOf(revision), revision.seal ?? '')) return
    throw new EscError(
      'tampered',
      `the seal of revision ${revision.number} of environment '${this.name}' does not match: ${revision.file} was changed`,
      { hint: restoreHint },
    )
  }

  #verifyLink(revision: Revision): void {
    const before = this.revision(revision.number - 1)
    if (before.digest === revision.previous) return
    throw new EscError(
      'tampered',
      `revision ${before.number} of environment '${this.name}' is not the one that revision ${revision.number} was made from: ${before.file} was changed`,
      { hint: restoreHint },
    )
  }

  /** False: that number is taken. */
  #createRevision(file: string, bytes: Uint8Array): boolean {
    try {
      return createFile(this.#files, file, bytes, { temporaryIn: this.folder })
    } catch (error) {
      const written = readIfPresent(this.#files, file)
      if (written === undefined || !Buffer.from(bytes).equals(written)) throw error
      throw new EscError('io', `${file} was written, but the disk did not confirm it: ${messageOf(error)}`, {
        hint: 'check the disk, and then whether the newest revision holds the change',
        cause: error,
      })
    }
  }

  /** Makes sure, before a revision is added, that `environment.yaml` is the newest one, so that a crash leaves it at most one behind. */
  #settleDefinition(newest: Revision, savedEdit: string | undefined): void {
    const file = layout.definition(this.folder)
    const state = this.definitionState(newest)
    if (state === 'stale') replaceFile(this.#files, file, Buffer.from(newest.definition))
    if (state !== 'edited') return
    if (savedEdit !== undefined && this.workingDefinition() === savedEdit) return
    throw new EscError('unsaved_edit', `${file} was edited by hand and is not saved`, {
      hint: `save it with \`esc env save ${this.name}\`, or discard it with \`esc env restore ${this.name}\``,
    })
  }

  #replaceSettings(changes: SettingsChange): void {
    const before = this.#readSettings()
    const text = before.with(typeof changes === 'function' ? changes(before) : changes)
    const after = new Settings(text, before.file)
    if (text !== before.text) replaceFile(this.#files, before.file, Buffer.from(text))
    this.#settings = after
  }

  /** Writers of one environment take turns, also across processes; each of these turns lasts milliseconds. */
  async #write<T>(purpose: string, write: () => T): Promise<T> {
    const { store, world } = this.#place
    const lock = await FileLock.acquire(world, layout.lock(store, 'write', this.name), {
      what: `environment '${this.name}'`,
      purpose,
      waitMs: writeWaitMs,
    })
    try {
      this.#settings = this.#readSettings()
      for (const name of listIfPresent(world.files, this.folder)) {
        if (name.startsWith(temporaryPrefix)) removeQuietly(world.files, join(this.folder, name))
      }
      return write()
    } catch (error) {
      throw ioError(error, `cannot write environment '${this.name}'`)
    } finally {
      lock.release()
    }
  }

  #missing(number: number): EscError {
    const newest = this.#newestNumber()
    if (newest === 0) {
      return new EscError(
        'store_damaged',
        `environment '${this.name}' has no revisions in ${layout.revisions(this.folder)}`,
        {
          hint: restoreHint,
        },
      )
    }
    return new EscError('not_found', `environment '${this.name}' has no revision ${number}; the newest is ${newest}`)
  }

  #keyChanged(): EscError {
    return new EscError('conflict', `the data key of environment '${this.name}' has been changed meanwhile`, {
      hint: 'make the change again',
    })
  }

  #conflict(base: number, newest: Revision): EscError {
    return new EscError(
      'conflict',
      `environment '${this.name}' has changed: this change was made from revision ${base}, and ${newest.author.name} has since saved revision ${newest.number}`,
      { hint: 'look at the newest revision and make the change again' },
    )
  }
}

const restoreHint = 'restore the file from the git history'

function sealedSettings(sealedFrom: number | undefined): Uint8Array {
  return Buffer.from(`sealedFrom ${sealedFrom ?? 'never'}`)
}
