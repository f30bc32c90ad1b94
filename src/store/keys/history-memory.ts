import { join } from 'node:path'
import { type FileSystem, readTextIfPresent } from '../../files/index.ts'
import { headBranch, headCommit, storeInGit } from '../git/git-folder.ts'
import type { Postponed } from '../records/postponed.ts'
import { type NewerCommit, rolledBack } from '../revisions/rolled-back.ts'
import type { StoreState } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'
import { KnownNames } from './known-names.ts'
import { MemoryFiles } from './memory-files.ts'
import { type KnownKey, type Sighting, withNewestKey, withSighting } from './remembered.ts'

/** The name under which is remembered what was seen while no branch was checked out. */
const detached = 'detached'

/** A store, and the place where this machine keeps what it knows of it. */
interface MemoryContext {
  readonly files: FileSystem
  readonly store: string
  readonly state: StoreState
  /** True when it says when it was written, for stores that are read from a copy (`isAfter`). */
  readonly dated?: boolean
  /** Takes what was seen, for stores whose database is the truth. Absent: it is written at once. */
  readonly postponed?: Postponed
}

/**
 * Remembers the newest revision of each environment in the state folder, one line of history per
 * git branch, so that a history cut short or put back is noticed. Switching branches is no alarm,
 * and neither is a detached HEAD, where people look at old commits on purpose; but what was seen
 * anywhere must still be there in every commit that was made from it (`rolledBack`). Keys are
 * remembered for all branches together: one that this machine has never seen is an alarm wherever
 * it turns up, because its holder could read whatever is saved from then on.
 */
export class HistoryMemory {
  /** The names that environments had. */
  readonly names: KnownNames
  readonly #files: FileSystem
  readonly #store: string
  readonly #memory: MemoryFiles
  /** `undefined` when not looked up yet. */
  #branch: string | undefined

  constructor({ files, store, state, dated = false, postponed }: MemoryContext) {
    const folder = stateLayout.seen(state.folder)
    this.#files = files
    this.#store = store
    this.#memory = new MemoryFiles({ files, folder, dated, postponed })
    this.names = new KnownNames(files, folder)
  }

  file(id: string): string {
    return this.#memory.file(id)
  }

  recall(id: string): Sighting | undefined {
    const branch = this.#currentBranch()
    return branch === detached ? undefined : this.#memory.read(id).sightings[branch]
  }

  /**
   * True when another process of this machine may have remembered something since a time, in
   * milliseconds since 1970: a copy of the store that was read then need not have it.
   */
  isAfter(id: string, ms: number): boolean {
    const { at } = this.#memory.last(id)
    // A time to come is that of a clock that was wrong.
    return at !== undefined && at >= ms && at <= Date.now()
  }

  /** True when a newer revision than this was seen on some other branch. */
  knowsNewer(id: string, number: number): boolean {
    return Object.values(this.#memory.last(id).sightings).some((sighting) => sighting.number > number)
  }

  /**
   * A newer revision that was seen on another branch and that the present commit must have, because
   * it was made from a commit that has it. Undefined: there is none, or git cannot tell.
   */
  rolledBackFrom(
    id: string,
    { number, name }: { readonly number: number; readonly name: string },
  ): NewerCommit | undefined {
    const git = storeInGit(this.#files, this.#store)
    if (git === undefined) return undefined
    const { cleared = [], sightings } = this.#memory.read(id)
    const commit = headCommit(this.#files, git)
    const here = `${commit} ${number}`
    if (commit !== undefined && cleared.includes(here)) return undefined
    const newer = Object.entries(sightings).filter(([, sighting]) => sighting.number > number)
    const found = rolledBack(this.#store, newer, name)
    if (found === undefined && commit !== undefined) {
      try {
        this.#memory.write(id, { ...this.#memory.read(id), cleared: [...cleared.slice(-19), here] }, false)
      } catch {}
    }
    return found
  }

  /**
   * True when there is nothing to remember of a sighting: no branch is checked out, and a revision
   * as new was seen so before.
   */
  isRemembered(id: string, { number }: Sighting): boolean {
    return this.#currentBranch() === detached && (this.#memory.last(id).sightings[detached]?.number ?? 0) >= number
  }

  /** True when git is in the middle of a merge. */
  isMerging(): boolean {
    const git = storeInGit(this.#files, this.#store)
    return git !== undefined && this.#files.exists(join(git.gitFolder, 'MERGE_HEAD'))
  }

  /** True also where nothing is remembered: the first key is taken on trust. */
  knowsKey(id: string, key: string): boolean {
    const { keys, inheritedKeys = [] } = this.#memory.read(id)
    const known = keys.length === 0 ? inheritedKeys : keys
    return known.length === 0 || known.includes(key)
  }

  /** The key that this machine came to know last, if it was used here. */
  newestKey(id: string): KnownKey | undefined {
    const { keys, newestKey } = this.#memory.read(id)
    return newestKey?.key === keys.at(-1) ? newestKey : undefined
  }

  /** True when more is to be remembered of a key: it is the newest, and was never used here. */
  lacksKey(id: string, key: string): boolean {
    const { keys, newestKey } = this.#memory.last(id)
    return key === keys.at(-1) && newestKey?.key !== key
  }

  /** As `knowsKey`, from what was read last. */
  remembersKey(id: string, key: string): boolean {
    const { keys, inheritedKeys = [] } = this.#memory.last(id)
    const known = keys.length === 0 ? inheritedKeys : keys
    return known.length === 0 || known.includes(key)
  }

  /** Revisions that this machine itself has seen under the newest key that it knows. */
  seenUnderNewestKey(id: string): readonly Sighting[] {
    const { keys, sightings } = this.#memory.read(id)
    return Object.values(sightings).filter(({ inherited, key }) => !inherited && key !== '' && key === keys.at(-1))
  }

  /** Remembers more of the newest key. */
  learnKey(id: string, newestKey: KnownKey): void {
    const remembered = this.#memory.read(id)
    if (remembered.keys.at(-1) === newestKey.key) this.#memory.write(id, { ...remembered, newestKey }, false)
  }

  /**
   * Best effort: a store on a read-only disk can still be read. What a merge in progress has made
   * is not remembered, because it may be given up.
   */
  remember(id: string, sighting: Sighting): void {
    try {
      if (this.isRemembered(id, sighting) || this.isMerging()) return
      const branch = this.#currentBranch()
      const git = storeInGit(this.#files, this.#store)
      const commit = git && headCommit(this.#files, git)
      const here = { ...sighting, ...(commit === undefined ? {} : { commit }) }
      const known = this.#memory.read(id)
      // A key that is new is never forgotten by a process that is killed.
      const mayWait = here.key === '' || known.keys.includes(here.key)
      if (mayWait && this.#memory.postpone(id, { branch, sighting: here, at: Date.now() })) return
      this.#memory.write(id, withSighting(known, branch, here), false)
    } catch {}
  }

  /** From now on the key is one that this machine knows. On the disk when this returns. */
  trustKey(id: string, key: string): void {
    const remembered = this.#memory.read(id)
    const { keys } = remembered
    if (!keys.includes(key)) this.#memory.write(id, { ...remembered, keys: withNewestKey(keys, key) }, true)
  }

  /** Forgets an environment that was made a moment ago and taken back. */
  forget(id: string): void {
    this.#memory.remove(id)
  }

  /**
   * While git rebases a branch: forgets what this machine has seen of the environment on it,
   * because its revisions are about to get other numbers.
   */
  forgetRebased(id: string): void {
    const git = storeInGit(this.#files, this.#store)
    if (git === undefined) return
    const names = ['rebase-merge', 'rebase-apply'].map((folder) =>
      readTextIfPresent(this.#files, join(git.gitFolder, folder, 'head-name')),
    )
    const branch = names.find((name) => name !== undefined)?.trim()
    const { sightings, ...rest } = this.#memory.read(id)
    if (branch === undefined || !Object.hasOwn(sightings, branch)) return
    const { [branch]: _, ...others } = sightings
    this.#memory.write(id, { ...rest, sightings: others }, true)
  }

  #currentBranch(): string {
    this.#branch ??= currentBranch(this.#files, this.#store)
    return this.#branch
  }
}

/** `refs/heads/…` of the work tree the folder is in, `detached`, or `none` outside git. */
function currentBranch(files: FileSystem, folder: string): string {
  const git = storeInGit(files, folder)
  return git === undefined ? 'none' : (headBranch(files, git) ?? detached)
}
