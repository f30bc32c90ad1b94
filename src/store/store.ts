import { randomUUID } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { type DataKey, secretsProviderKind } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import {
  createFile,
  ioError,
  listIfPresent,
  makeFolders,
  readIfPresent,
  replaceFile,
  statusOf,
  temporaryPath,
} from '../files/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { nearest } from '../suggestion.ts'
import { setAt } from '../syntax/index.ts'
import type { CheckOptions, CheckReport } from './check/check-store.ts'
import type { Finding } from './check/finding.ts'
import type { CloneOptions } from './clone.ts'
import { Environment } from './environment.ts'
import { environmentName, isEnvironmentPart } from './environment-name.ts'
import type { RunGit } from './git.ts'
import { HistoryMemory } from './history-memory.ts'
import { formatVersion, hasRevisions, layout } from './layout.ts'
import { removeTemporaries } from './leftovers.ts'
import { FileLock, type Lock } from './lock.ts'
import type { Renumbered, RenumberOptions } from './merge/renumber.ts'
import type { MergeCommits, Sides } from './merge/side.ts'
import type { EnvironmentPlace } from './place.ts'
import { findRemoved, listRemoved, moveAway, moveBack, type RemovedEnvironment } from './removed.ts'
import { type Author, formatRevision } from './revision-file.ts'
import type { SecretsProviderChange, SecretsProviderChanged } from './secrets-provider-change.ts'
import { publish, type StagedEnvironment, stage } from './staging.ts'
import { ensureLines, storeFiles } from './store-files.ts'
import { cleanUpSwap, finishSwap, swappedName } from './swap.ts'
import { removeTree } from './tree.ts'
import { type CompleteWorld, completeWorld, type StoreWorld } from './world.ts'
import { parseMapping } from './yaml-mapping.ts'

export interface NewStore {
  /** Label of the store in names such as `local/rotators/ci`. Default: `local`. */
  readonly organization?: string
  /** Secrets provider of new environments. Default: `default`. */
  readonly secretsProvider?: string
}

export interface NewEnvironment {
  readonly author: Author
  readonly created: Date
  /** Text of revision 1. Default: empty. */
  readonly definition?: string
  /** Default: the store's. */
  readonly secretsProvider?: string
}

export interface RenumberEnvironment extends Omit<RenumberOptions, 'sides' | 'runGit'> {
  readonly runGit?: RunGit
  /** Default: of the merge that git is in, or has just made. */
  readonly commits?: MergeCommits
  /** For histories that git does not know (`sideOfFolder`); then git's index is left alone. */
  readonly sides?: Sides
}

/**
 * A folder of environments (`docs/store.md`). What most commands never need, such as cloning and checking, is loaded when
 * it is asked for.
 */
export class Store {
  /** Absolute path of the folder that holds `esc.yaml`. */
  readonly folder: string
  readonly #world: CompleteWorld
  readonly #memory: HistoryMemory
  readonly #keys = new Map<string, Promise<DataKey>>()
  #text: string
  #configuration: JsonObject | undefined

  private constructor(folder: string, text: string, world: CompleteWorld) {
    this.folder = folder
    this.#text = text
    this.#world = world
    this.#memory = new HistoryMemory(world.files, folder)
  }

  /** Makes a new store, and the folder if need be. Files that are there already, such as a `.gitignore`, are kept. */
  static init(folder: string, options: NewStore, world: StoreWorld): Store {
    const complete = completeWorld(world)
    const { files } = complete
    const path = resolve(folder)
    if (statusOf(files, layout.configuration(path)) !== undefined) {
      throw new EscError('already_exists', `there is a store already: ${layout.configuration(path)}`, {
        hint: 'use it as it is, or name another folder',
      })
    }
    const secretsProvider = options.secretsProvider ?? 'default'
    secretsProviderKind(secretsProvider)
    makeFolders(files, path)
    for (const [name, lines] of Object.entries(storeFiles)) ensureLines(files, join(path, name), lines)
    // Last, because this file is what makes the folder a store.
    let text = `# An esc store: environments, their history and their encrypted secrets.\nversion: ${formatVersion}\n`
    text = setAt(text, ['organization'], options.organization ?? 'local')
    text = setAt(text, ['defaults', 'secretsProvider'], secretsProvider)
    if (!createFile(files, layout.configuration(path), Buffer.from(text))) {
      throw new EscError('already_exists', `there is a store already: ${layout.configuration(path)}`)
    }
    return new Store(path, text, complete)
  }

  /** @throws EscError `not_found`; `store_damaged`; `invalid_input` when the format is newer than this esc. */
  static open(folder: string, world: StoreWorld): Store {
    const complete = completeWorld(world)
    const path = resolve(folder)
    const file = layout.configuration(path)
    const bytes = readIfPresent(complete.files, file)
    if (bytes === undefined) {
      throw new EscError('not_found', `${path} is no esc store: it has no esc.yaml`, {
        hint: 'make one with `esc init`',
      })
    }
    const store = new Store(path, Buffer.from(bytes).toString(), complete)
    store.#checkVersion(file)
    return store
  }

  /** Opens the store that `from` is in: the nearest folder upwards that is one, or has one named `environments`. */
  static find(from: string, world: StoreWorld): Store {
    const { files } = completeWorld(world)
    for (let folder = resolve(from); ; folder = dirname(folder)) {
      for (const candidate of [folder, join(folder, 'environments')]) {
        if (statusOf(files, layout.configuration(candidate)) !== undefined) return Store.open(candidate, world)
      }
      if (dirname(folder) === folder) break
    }
    throw new EscError('not_found', `there is no esc store in ${resolve(from)} or above it`, {
      hint: 'make one with `esc init`, or go to the folder of one',
    })
  }

  /** The text of `esc.yaml` as it was when the store was opened. */
  get configurationText(): string {
    return this.#text
  }

  /** Label of the store in full names. */
  get organization(): string {
    const label = this.configuration('organization')
    return typeof label === 'string' && label !== '' ? label : 'local'
  }

  /** Whether the label may be this one; told from the text, so that most commands need not parse `esc.yaml` for it. */
  mayBeLabelled(label: string): boolean {
    return label === 'local' || this.#text.includes(label) || this.#text.includes('\\')
  }

  /** URL or bare kind of the secrets provider of environments that name none. */
  get defaultSecretsProvider(): string {
    const defaults = this.configuration('defaults')
    const provider = isJsonObject(defaults) ? defaults.secretsProvider : undefined
    return typeof provider === 'string' ? provider : 'default'
  }

  /** For new environments: those there are keep what their settings say. */
  async setDefaultSecretsProvider(secretsProvider: string): Promise<void> {
    secretsProviderKind(secretsProvider)
    await this.changeConfiguration((text) => setAt(text, ['defaults', 'secretsProvider'], secretsProvider))
  }

  /** Changes the text of a list of age recipients, of the store or of an environment. */
  async changeRecipients(file: string, change: (text: string) => string): Promise<void> {
    const { files, guard } = this.#world
    guard('*', 'admin')
    await this.#write('recipients', () => {
      const before = Buffer.from(files.readFile(file)).toString()
      const text = change(before)
      if (text !== before) replaceFile(files, file, Buffer.from(text))
    })
  }

  /** Changes the text of `esc.yaml`, as it is under the lock. */
  async changeConfiguration(change: (text: string) => string): Promise<void> {
    const { files, guard } = this.#world
    guard('*', 'admin')
    const file = layout.configuration(this.folder)
    await this.#write('configure', () => {
      const before = Buffer.from(files.readFile(file)).toString()
      const text = change(before)
      if (text !== before) replaceFile(files, file, Buffer.from(text))
      this.#text = text
      this.#configuration = undefined
    })
  }

  /** Whether each change is to be committed (`git: {commit: true}` in `esc.yaml`), with `commitChange`. */
  get commitsChanges(): boolean {
    const git = this.configuration('git')
    return isJsonObject(git) && git.commit === true
  }

  /** A top-level field of `esc.yaml` as data. Undefined: absent. */
  configuration(key: string): Json | undefined {
    this.#configuration ??= parseMapping(this.#text, layout.configuration(this.folder))
    return this.#configuration[key]
  }

  /** Names of all environments, sorted by code unit. */
  list(): string[] {
    const { files } = this.#world
    const names: string[] = []
    for (const project of listIfPresent(files, this.folder).filter(isEnvironmentPart).sort()) {
      const folder = layout.project(this.folder, project)
      const swapped = (name: string) => swappedName(name) ?? name
      const entries = new Set(listIfPresent(files, folder).map(swapped).filter(isEnvironmentPart))
      for (const name of [...entries].sort()) {
        if (this.has(`${project}/${name}`)) names.push(`${project}/${name}`)
      }
    }
    return names
  }

  has(name: string): boolean {
    const { files } = this.#world
    const folder = layout.environment(this.folder, environmentName(name))
    const there = () => statusOf(files, layout.settings(folder)) !== undefined
    // Revisions without settings, and so without the key, are a damaged environment and not none.
    return there() || (finishSwap(files, folder) && there()) || hasRevisions(files, folder)
  }

  /** @throws EscError `not_found`, with the nearest name there is. */
  environment(name: string): Environment {
    const full = environmentName(name)
    this.#world.guard(full, 'read')
    if (this.has(full)) return this.#handle(full)
    const others = this.list()
    const similar = nearest(full, others) ?? others.find((other) => other.split('/')[1] === full.split('/')[1])
    throw new EscError('not_found', `environment '${full}' does not exist`, {
      hint:
        similar === undefined
          ? `\`esc env ls\` lists the environments of ${this.folder}; \`esc env init ${full}\` makes a new one`
          : `did you mean '${similar}'?`,
    })
  }

  /**
   * Makes an environment with one revision. It appears whole or not at all.
   * @throws EscError `already_exists`, `invalid_input`.
   */
  async create(name: string, options: NewEnvironment): Promise<Environment> {
    const full = environmentName(name)
    this.#world.guard(full, 'write')
    if (options.secretsProvider !== undefined) secretsProviderKind(options.secretsProvider)
    return this.#write('create', () => {
      const id = randomUUID()
      const secretsProvider = options.secretsProvider ?? this.defaultSecretsProvider
      const { author, created, definition = '' } = options
      const first = formatRevision({ number: 1, created, author, change: 'create', details: {} }, definition)
      const settings = setAt(`id: ${id}\n`, ['secretsProvider'], secretsProvider)
      return this.#publish(full, { settings, revisions: [first], definition: () => definition })
    })
  }

  /**
   * Makes an environment from another one: with an id and a data key of its own, whole or not at all. Rotations,
   * schedules, webhooks and protection stay with the source.
   * @throws EscError `not_found`, `already_exists`, `invalid_input`, `key_unavailable`, `tampered`; `io`.
   */
  async clone(source: string, target: string, options: CloneOptions): Promise<Environment> {
    const full = environmentName(target)
    this.#world.guard(full, 'write')
    const original = this.environment(source)
    this.#world.guard(original.name, 'open')
    this.#refuseTaken(full)
    const { defaultSecretsProvider } = this
    const { prepareClone } = await import('./clone.ts')
    // May ask a person or the network, so before the lock.
    const content = await prepareClone(original, full, options, {
      keys: this.#world.keys,
      files: this.#world.files,
      defaultSecretsProvider,
    })
    return this.#write('clone', () => this.#publish(full, content))
  }

  /**
   * Removes an environment, as far as one can see: its folder moves to `.removed/` of the store, whole, from where
   * `restore` brings it back. Refused while it is protected, or while its journal holds credentials of an unfinished rotation.
   */
  async remove(name: string, by: { readonly author: Author; readonly removed: Date }): Promise<void> {
    const environment = this.environment(name)
    this.#world.guard(environment.name, 'admin')
    const busy = await environment.lock('remove')
    try {
      await this.#write('remove', () => {
        cleanUpSwap(this.#world.files, environment.folder)
        refuseRemoval(environment)
        moveAway(this.#world.files, this.folder, environment, by)
      })
    } finally {
      busy.release()
    }
  }

  /** Environments that were removed, the last removed first. */
  removed(): RemovedEnvironment[] {
    return listRemoved(this.#world.files, this.folder)
  }

  /**
   * Brings a removed environment back as it was. `id` chooses one of several of that name; default: the last removed.
   * @throws EscError `not_found`; `already_exists` when the name has been given to another since.
   */
  async restore(name: string, options: { readonly id?: string } = {}): Promise<Environment> {
    const full = environmentName(name)
    this.#world.guard(full, 'admin')
    return this.#write('restore', () => {
      const removed = findRemoved(this.removed(), full, options.id)
      this.#refuseTaken(full)
      moveBack(this.#world.files, this.folder, removed)
      return this.#handle(full)
    })
  }

  /**
   * Gives an environment a new data key under another secrets provider, all or nothing. Killed at any moment, it leaves
   * the environment whole under the one or the other.
   * @throws EscError `conflict`, `unsaved_edit`, `tampered`, `key_unavailable`, `usage`, `io`.
   */
  async changeSecretsProvider(name: string, change: SecretsProviderChange): Promise<SecretsProviderChanged> {
    const environment = this.environment(name)
    this.#world.guard(environment.name, 'admin')
    const { changeSecretsProvider } = await import('./secrets-provider-change.ts')
    const changed = await changeSecretsProvider(environment, this.#place(environment.name), change)
    this.#handle(environment.name).current()
    return changed
  }

  /** Wraps an environment's data key again, under the same secrets provider or another URL of its kind. */
  async rewrapKey(name: string, secretsProvider?: string): Promise<{ readonly from: string; readonly to: string }> {
    const environment = this.environment(name)
    this.#world.guard(environment.name, 'admin')
    const { rewrap } = await import('./rewrap.ts')
    const done = await rewrap(environment, this.#place(environment.name), secretsProvider)
    this.#handle(environment.name).current()
    return done
  }

  /**
   * After a git merge that took revisions of one environment from both sides: puts those of theirs after those of ours,
   * and adds one that holds what both did (`Renumbered`). By default the sides are those of the merge in progress, or
   * of the last commit if that was a merge; in the end the environment's files are added to git's index, which marks
   * the conflict as resolved.
   *
   * @throws EscError `conflict` when a person must resolve `environment.yaml` first; `usage` when there is no merge.
   */
  async renumber(name: string, options: RenumberEnvironment): Promise<Renumbered> {
    const place = this.#place(environmentName(name))
    this.#world.guard(place.name, 'write')
    const [{ renumber }, { mergeCommits, sidesOfCommits }, { complaint, machineGit }] = await Promise.all([
      import('./merge/renumber.ts'),
      import('./merge/side.ts'),
      import('./git.ts'),
    ])
    const { runGit = machineGit, sides, commits } = options
    const found = sides ?? (await sidesOfCommits(runGit, place, commits ?? (await mergeCommits(runGit, this.folder))))
    const renumbered = await renumber(place, { ...options, runGit, sides: found })
    if (sides !== undefined) return renumbered
    const added = await runGit(['add', '--all', '--', place.folder], { cwd: this.folder })
    if (added.status === 0) return renumbered
    const note = `the files could not be added to git: ${complaint(added)}`
    return { ...renumbered, notes: [...renumbered.notes, note] }
  }

  /** Verifies everything there is, as far as the keys at hand allow, and says what is wrong. Changes nothing. */
  async check(options: CheckOptions = {}): Promise<CheckReport> {
    const { checkStore } = await import('./check/check-store.ts')
    const place = (name: string) => this.#place(name)
    return checkStore({ folder: this.folder, world: this.#world, names: this.list(), place }, options)
  }

  /** Does what the fixable ones of some findings ask for, and returns those. Nothing that anybody needs is lost by it. */
  async fix(findings: readonly Finding[]): Promise<readonly Finding[]> {
    const { fix } = await import('./check/fix.ts')
    const fixable = findings.filter((finding) => finding.fixable)
    const environment = (name: string) => this.environment(name)
    for (const finding of fixable) await fix(finding, { folder: this.folder, world: this.#world, environment })
    return fixable
  }

  /** As `Environment.lock`, for callers that have only a name. */
  async lock(name: string, purpose: string, options: { readonly waitMs?: number } = {}): Promise<Lock> {
    return this.environment(name).lock(purpose, options)
  }

  /** For whoever sends the deliveries of webhooks: one at a time. Undefined: another one is at it. */
  async tryLockWebhooks(): Promise<Lock | undefined> {
    try {
      const request = { what: `the webhooks of ${this.folder}`, purpose: 'deliver', waitMs: 0 }
      return await FileLock.acquire(this.#world, layout.lock(this.folder, 'webhooks'), request)
    } catch (error) {
      if (error instanceof EscError && error.code === 'locked') return undefined
      throw error
    }
  }

  #handle(name: string): Environment {
    return new Environment(this.#place(name))
  }

  #place(name: string): EnvironmentPlace {
    return {
      name,
      folder: layout.environment(this.folder, name),
      store: this.folder,
      world: this.#world,
      memory: this.#memory,
      keys: this.#keys,
      defaultSecretsProvider: () => this.defaultSecretsProvider,
    }
  }

  #checkVersion(file: string): void {
    // Read without the YAML parser, as every command comes through here.
    const text = /^version: *(\S+) *$/m.exec(this.#text)?.[1]
    const version = Number(text ?? this.configuration('version'))
    if (version === formatVersion) return
    if (Number.isInteger(version) && version > formatVersion) {
      throw new EscError(
        'invalid_input',
        `${file} has format version ${version}; this esc knows up to ${formatVersion}`,
        {
          hint: 'install a newer esc',
        },
      )
    }
    throw new EscError('store_damaged', `${file} has no valid format version`, { hint: 'it must say `version: 1`' })
  }

  #refuseTaken(name: string): void {
    const { files } = this.#world
    const [project, own] = name.split('/') as [string, string]
    // Names that differ only in case are one name to macOS and Windows: such a store could not be checked out there.
    const same = (one: string) => (other: string) => one !== other && one.toLowerCase() === other.toLowerCase()
    const otherProject = listIfPresent(files, this.folder).find(same(project))
    const otherName = listIfPresent(files, layout.project(this.folder, project)).find(same(own))
    const other = otherProject ?? (otherName && `${project}/${otherName}`)
    if (other !== undefined) {
      throw new EscError('already_exists', `'${project}/${own}' differs from the existing '${other}' only in case`, {
        hint: 'choose another name: some file systems take these for the same',
      })
    }
    if (this.has(`${project}/${own}`)) {
      throw new EscError('already_exists', `environment '${project}/${own}' already exists`)
    }
  }

  /** Makes an environment appear, whole. For the holder of the store's lock. */
  #publish(name: string, content: StagedEnvironment): Environment {
    const { files } = this.#world
    const folder = layout.environment(this.folder, name)
    this.#refuseTaken(name)
    makeFolders(files, dirname(folder))
    removeTemporaries(files, dirname(folder))
    const staged = temporaryPath(dirname(folder))
    stage(files, staged, content)
    try {
      publish(files, staged, folder)
    } catch (error) {
      removeTree(files, staged)
      throw error
    }
    return this.#handle(name)
  }

  /**
   * Held while the schedules of the store are looked after: one process at a time, on this machine.
   * @throws EscError `locked`, naming the holder.
   */
  async lockScheduler(purpose: string): Promise<Lock> {
    const request = { what: `the scheduler of the store ${this.folder}`, purpose, waitMs: 0 }
    return FileLock.acquire(this.#world, layout.lock(this.folder, 'scheduler'), request)
  }

  async #write<T>(purpose: string, write: () => T | Promise<T>): Promise<T> {
    const request = { what: `the store ${this.folder}`, purpose, waitMs: 15_000 }
    const lock = await FileLock.acquire(this.#world, layout.lock(this.folder, 'store'), request)
    try {
      return await write()
    } catch (error) {
      throw ioError(error, `cannot write the store ${this.folder}`)
    } finally {
      lock.release()
    }
  }
}

function refuseRemoval(environment: Environment): void {
  const { name } = environment
  if (environment.settings.deletionProtected) {
    throw new EscError('conflict', `environment '${name}' is protected from deletion`, {
      hint: `turn the protection off with \`esc env settings set ${name} deletion-protected false\``,
    })
  }
  if (environment.journal().ids().length > 0) {
    throw new EscError('conflict', `a rotation of environment '${name}' is unfinished`, {
      hint: `finish it with \`esc env rotate ${name}\` first, so that no credential is lost`,
    })
  }
}
