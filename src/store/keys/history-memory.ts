import { join } from 'node:path'
import { type FileSystem, makeFolders, readTextIfPresent, removeQuietly, replaceFile } from '../../files/index.ts'
import { headBranch, headCommit, storeInGit } from '../git/git-folder.ts'
import type { Postponed } from '../records/postponed.ts'
import { digestOf } from '../revisions/revision-file.ts'
import { type NewerCommit, rolledBack } from '../revisions/rolled-back.ts'
import type { StoreState } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'

/** The newest revision this machine has seen of an environment. */
export interface Sighting {
  readonly number: number
  readonly digest: string
  /**
   * Digest of the wrapped data key, empty for none: after a key change every
   * file has another digest.
   */
  readonly key: string
  /** Generation of the sealed settings; absent for none. */
  readonly generation?: number
  /**
   * The commit that was checked out, where the store is in git: it, or one made
   * from it, has the revision.
   */
  readonly commit?: string
  /**
   * The time when names in the folder of the revisions had last changed, in milliseconds since
   * 1970: since then there was no gap among them.
   */
  readonly listed?: number
  /** Name that the environment had. */
  readonly environment?: string
  /**
   * An earlier version saw it, which kept its memory in the store's folder:
   * it spares no comparison.
   */
  readonly inherited?: true
}

/** The name under which is remembered what was seen while no branch was checked out. */
const detached = 'detached'

/** Returns the name by which a data key is remembered: by what it is wrapped in. Empty: none. */
export function digestOfKey(wrappedDataKey: string | undefined): string {
  return wrappedDataKey === undefined ? '' : digestOf(Buffer.from(wrappedDataKey))
}

/** Further facts about a data key besides. */
export interface KnownKey {
  /** Digest of the wrapped key. */
  readonly key: string
  /** Public key that verifies who had it (`DataKey.signer`). */
  readonly signer: string
  readonly secretsProvider: string
  /** Those who can unwrap it, as far as that is known, such as age recipients. */
  readonly holders: readonly string[]
}

interface Remembered {
  readonly sightings: Readonly<Record<string, Sighting>>
  /**
   * Digests of the wrapped data keys this machine has seen or made, whatever the
   * branch, the newest last.
   */
  readonly keys: readonly string[]
  /** The newest of them, once it was used. */
  readonly newestKey?: KnownKey
  /**
   * Keys that an earlier version knew. They count until the first is known
   * for sure, and then no more.
   */
  readonly inheritedKeys?: readonly string[]
  /** Milliseconds since 1970 at which it was last written. Absent: by a store in a folder. */
  readonly at?: number
  /**
   * Commits at which a lower revision than elsewhere was found to be right, each with the
   * revision's number: `<commit> <number>`.
   */
  readonly cleared?: readonly string[]
}

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

/** Something that was seen, and is not written yet. */
interface Unwritten {
  readonly branch: string
  readonly sighting: Sighting
  /** Milliseconds since 1970 at which it was seen. */
  readonly at: number
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
  readonly #files: FileSystem
  readonly #store: string
  readonly #folder: string
  readonly #dated: boolean
  readonly #postponed: Postponed | undefined
  /** `undefined` when not looked up yet. */
  #branch: string | undefined
  /** As it was last read or written. */
  readonly #last = new Map<string, Remembered>()

  constructor({ files, store, state, dated = false, postponed }: MemoryContext) {
    this.#files = files
    this.#dated = dated
    this.#postponed = postponed
    this.#store = store
    this.#folder = stateLayout.seen(state.folder)
  }

  file(id: string): string {
    return join(this.#folder, `${id}.json`)
  }

  recall(id: string): Sighting | undefined {
    const branch = this.#currentBranch()
    return branch === detached ? undefined : this.#read(id).sightings[branch]
  }

  /**
   * True when another process of this machine may have remembered something since a time, in
   * milliseconds since 1970: a copy of the store that was read then need not have it.
   */
  isAfter(id: string, ms: number): boolean {
    const { at } = this.#last.get(id) ?? this.#read(id)
    // A time to come is that of a clock that was wrong.
    return at !== undefined && at >= ms && at <= Date.now()
  }

  /** True when a newer revision than this was seen on some other branch. */
  knowsNewer(id: string, number: number): boolean {
    return Object.values((this.#last.get(id) ?? this.#read(id)).sightings).some((sighting) => sighting.number > number)
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
    const { cleared = [], sightings } = this.#read(id)
    const commit = headCommit(this.#files, git)
    const here = `${commit} ${number}`
    if (commit !== undefined && cleared.includes(here)) return undefined
    const newer = Object.entries(sightings).filter(([, sighting]) => sighting.number > number)
    const found = rolledBack(this.#store, newer, name)
    if (found === undefined && commit !== undefined) {
      try {
        this.#write(id, { ...this.#read(id), cleared: [...cleared.slice(-19), here] }, false)
      } catch {}
    }
    return found
  }

  /**
   * True when there is nothing to remember of a sighting: no branch is checked out, and a revision
   * as new was seen so before.
   */
  isRemembered(id: string, { number }: Sighting): boolean {
    return (
      this.#currentBranch() === detached &&
      ((this.#last.get(id) ?? this.#read(id)).sightings[detached]?.number ?? 0) >= number
    )
  }

  /**
   * True when an environment of another id, which had a key, is what this machine knows under a
   * name.
   */
  isReplaced(name: string, id: string): boolean {
    const ids = this.#idsOf(name)
    return ids.length > 0 && !ids.includes(id)
  }

  /** From now on an environment of this id may have the name. */
  acceptName(name: string, id: string): void {
    const ids = this.#idsOf(name)
    if (ids.includes(id)) return
    makeFolders(this.#files, this.#folder, 0o700)
    const text = JSON.stringify({ version: 1, ids: [...ids.slice(-99), id] })
    replaceFile(this.#files, this.#nameFile(name), Buffer.from(text), { mode: 0o600 })
  }

  /**
   * Ids of the environments with a key that this machine has seen or made
   * under a name. Empty: none.
   */
  #idsOf(name: string): readonly string[] {
    try {
      const content = JSON.parse(readTextIfPresent(this.#files, this.#nameFile(name)) ?? '')
      return content?.version === 1 ? content.ids : []
    } catch {
      return []
    }
  }

  /** `+` occurs in no id, so this is no file of an environment's id. */
  #nameFile(name: string): string {
    return join(this.#folder, `name+${name.replace('/', '+')}.json`)
  }

  /** True when git is in the middle of a merge. */
  isMerging(): boolean {
    const git = storeInGit(this.#files, this.#store)
    return git !== undefined && this.#files.exists(join(git.gitFolder, 'MERGE_HEAD'))
  }

  /** True also where nothing is remembered: the first key is taken on trust. */
  knowsKey(id: string, key: string): boolean {
    const { keys, inheritedKeys = [] } = this.#read(id)
    const known = keys.length === 0 ? inheritedKeys : keys
    return known.length === 0 || known.includes(key)
  }

  /** The key that this machine came to know last, if it was used here. */
  newestKey(id: string): KnownKey | undefined {
    const { keys, newestKey } = this.#read(id)
    return newestKey?.key === keys.at(-1) ? newestKey : undefined
  }

  /** True when more is to be remembered of a key: it is the newest, and was never used here. */
  lacksKey(id: string, key: string): boolean {
    const { keys, newestKey } = this.#last.get(id) ?? this.#read(id)
    return key === keys.at(-1) && newestKey?.key !== key
  }

  /** As `knowsKey`, from what was read last. */
  remembersKey(id: string, key: string): boolean {
    const { keys, inheritedKeys = [] } = this.#last.get(id) ?? this.#read(id)
    const known = keys.length === 0 ? inheritedKeys : keys
    return known.length === 0 || known.includes(key)
  }

  /** Revisions that this machine itself has seen under the newest key that it knows. */
  seenUnderNewestKey(id: string): readonly Sighting[] {
    const { keys, sightings } = this.#read(id)
    return Object.values(sightings).filter(({ inherited, key }) => !inherited && key !== '' && key === keys.at(-1))
  }

  /** Remembers more of the newest key. */
  learnKey(id: string, newestKey: KnownKey): void {
    const remembered = this.#read(id)
    if (remembered.keys.at(-1) === newestKey.key) this.#write(id, { ...remembered, newestKey }, false)
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
      const known = this.#read(id)
      // A key that is new is never forgotten by a process that is killed.
      const mayWait = here.key === '' || known.keys.includes(here.key)
      if (this.#postponed === undefined || !mayWait) this.#write(id, withSighting(known, branch, here), false)
      else this.#postpone(this.#postponed, id, { branch, sighting: here, at: Date.now() })
    } catch {}
  }

  #postpone(postponed: Postponed, id: string, unwritten: Unwritten): void {
    postponed.put(this.file(id), unwritten, () => {
      const remembered = this.#read(id)
      this.#write(id, remembered, false, remembered.at)
    })
    this.#last.delete(id)
  }

  /** From now on the key is one that this machine knows. On the disk when this returns. */
  trustKey(id: string, key: string): void {
    const remembered = this.#read(id)
    const { keys } = remembered
    if (!keys.includes(key)) this.#write(id, { ...remembered, keys: withKey(keys, key) }, true)
  }

  /** Forgets an environment that was made a moment ago and taken back. */
  forget(id: string): void {
    this.#last.delete(id)
    this.#postponed?.drop(this.file(id))
    removeQuietly(this.#files, this.file(id))
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
    const { sightings, ...rest } = this.#read(id)
    if (branch === undefined || !Object.hasOwn(sightings, branch)) return
    const { [branch]: _, ...others } = sightings
    this.#write(id, { ...rest, sightings: others }, true)
  }

  /** Writes all that was read, what is postponed among it. */
  #write(id: string, { inheritedKeys, ...rest }: Remembered, synced: boolean, at = Date.now()): void {
    const kept = rest.keys.length > 0 || inheritedKeys === undefined ? rest : { ...rest, inheritedKeys }
    const remembered = this.#dated ? { ...kept, at } : kept
    this.#last.set(id, remembered)
    this.#postponed?.drop(this.file(id))
    makeFolders(this.#files, this.#folder, 0o700)
    replaceFile(this.#files, this.file(id), Buffer.from(JSON.stringify({ version: 1, ...remembered })), {
      mode: 0o600,
      synced,
    })
  }

  #read(id: string): Remembered {
    const unwritten = this.#postponed?.value(this.file(id)) as Unwritten | undefined
    const written = this.#readFile(id)
    const remembered = unwritten === undefined ? written : withUnwritten(written, unwritten)
    this.#last.set(id, remembered)
    return remembered
  }

  #readFile(id: string): Remembered {
    try {
      const text = readTextIfPresent(this.#files, this.file(id))
      const content = text === undefined ? undefined : JSON.parse(text)
      if (content?.version === 1) {
        const sightings: Record<string, Sighting> = content.sightings
        const seen = Object.values(sightings).map(({ key }) => key)
        const { keys = seen.filter((key) => key !== ''), ...more } = content
        const { newestKey, inheritedKeys, cleared, at } = more
        return {
          sightings,
          keys,
          ...(newestKey && { newestKey }),
          ...(inheritedKeys && { inheritedKeys }),
          ...(cleared && { cleared }),
          ...(typeof at === 'number' && { at }),
        }
      }
    } catch {}
    return { sightings: {}, keys: [] }
  }

  #currentBranch(): string {
    this.#branch ??= currentBranch(this.#files, this.#store)
    return this.#branch
  }
}

function withSighting({ sightings, keys, ...rest }: Remembered, branch: string, here: Sighting): Remembered {
  const { [branch]: _, ...others } = sightings
  const kept = Object.fromEntries([...withoutLowest(Object.entries(others)), [branch, here]])
  return { ...rest, sightings: kept, keys: withKey(keys, here.key) }
}

/** Another process of this machine may have written more since, which is kept. */
function withUnwritten(written: Remembered, { branch, sighting, at }: Unwritten): Remembered {
  const { at: writtenAt = 0, sightings, keys } = written
  const there = sightings[branch]
  const isOld = writtenAt > at && there !== undefined && there.number >= sighting.number
  const remembered = isOld ? { ...written, keys: withKey(keys, sighting.key) } : withSighting(written, branch, sighting)
  return { ...remembered, at: Math.max(writtenAt, at) }
}

/** At most 99: the highest say the most. */
function withoutLowest(sightings: readonly [string, Sighting][]): readonly [string, Sighting][] {
  if (sightings.length < 100) return sightings
  const lowest = Math.min(...sightings.map(([, { number }]) => number))
  const at = sightings.findIndex(([, { number }]) => number === lowest)
  return withoutLowest(sightings.filter((_, index) => index !== at))
}

function withKey(keys: readonly string[], key: string): readonly string[] {
  return key === '' || keys.includes(key) ? keys : [...keys.slice(-99), key]
}

/** `refs/heads/…` of the work tree the folder is in, `detached`, or `none` outside git. */
function currentBranch(files: FileSystem, folder: string): string {
  const git = storeInGit(files, folder)
  return git === undefined ? 'none' : (headBranch(files, git) ?? detached)
}
