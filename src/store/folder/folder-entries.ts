import { join } from 'node:path'
import {
  codeOf,
  listIfPresent,
  machineFiles,
  makeFolders,
  readIfPresent,
  removeFile,
  removeQuietly,
  replaceFile,
} from '../../files/index.ts'
import { type Entries, type Entry, type EntryTimes, touchEveryMs } from '../records/entries.ts'

interface FolderEntriesForm {
  /** The end of names of files: `.json`. */
  readonly suffix: string
  /** True when an entry is on the disk before it counts as put. */
  readonly synced: boolean
  /** Reads from the content when the entry ends, in milliseconds since 1970. */
  readonly endOf: (content: Uint8Array) => number | undefined
}

/** The number of entries that are kept in memory. */
const mostKnown = 10_000
/** A sweep lets others have their turn after so many files. */
const sweptAtOnce = 50

/** One look at a file answers all requests that come in this time, in milliseconds. */
const seenForMs = 1

interface Seen {
  readonly entry: Entry
  /** Milliseconds, as `performance.now()` counts them. */
  readonly atMs: number
}

/**
 * Entries that were looked at in this turn of the event loop, by their files: many requests that
 * have come together show the same token. Whoever ends a token, and sends a request after that, is
 * answered in a later turn.
 */
const seenInTurn = new Map<string, Seen>()

function seen(file: string, entry: Entry): Entry {
  if (seenInTurn.size === 0) setImmediate(() => seenInTurn.clear())
  seenInTurn.set(file, { entry, atMs: performance.now() })
  return entry
}

/**
 * Entries as files of this machine. The time of a file is that when the entry was last touched, so
 * that one that is being removed does not come back by being touched.
 */
export class FolderEntries implements Entries {
  readonly #folder: string
  readonly #form: FolderEntriesForm
  readonly #known = new Map<string, Entry>()
  #isMade = false

  constructor(folder: string, form: FolderEntriesForm) {
    this.#folder = folder
    this.#form = form
  }

  async put(key: string, content: Uint8Array, times: EntryTimes): Promise<void> {
    const { touched } = times
    const { synced } = this.#form
    const file = this.#file(key)
    this.#forget(key)
    // Looked for once: should it go away, the next makes it again.
    if (!this.#isMade) makeFolders(machineFiles, this.#folder, 0o700)
    try {
      replaceFile(machineFiles, file, content, { mode: 0o600, synced })
      this.#isMade = true
    } catch (error) {
      if (!this.#isMade) throw error
      this.#isMade = false
      return this.put(key, content, times)
    }
    // A new file has the time of now.
    if (Math.abs(touched.getTime() - Date.now()) > 1000) this.#setTime(key, touched)
  }

  async get(key: string): Promise<Entry | undefined> {
    // Looked at in each turn, so that one that was removed ends at once.
    const file = this.#file(key)
    const inTurn = seenInTurn.get(file)
    if (inTurn !== undefined && performance.now() - inTurn.atMs < seenForMs) return inTurn.entry
    const status = machineFiles.stat(file)
    const known = this.#known.get(key)
    if (status === undefined) {
      this.#known.delete(key)
      return undefined
    }
    if (known !== undefined && known.touched.getTime() === Math.round(status.modifiedMs)) return seen(file, known)
    const content = readIfPresent(machineFiles, file)
    if (content === undefined) return undefined
    const entry = { content, touched: new Date(Math.round(status.modifiedMs)) }
    if (this.#known.size >= mostKnown) this.#known.clear()
    // What is large is read once, and is not kept here.
    if (content.length < 4096) this.#known.set(key, entry)
    return entry
  }

  async take(key: string): Promise<Entry | undefined> {
    const entry = await this.get(key)
    if (entry === undefined) return undefined
    try {
      machineFiles.unlink(this.#file(key))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    } finally {
      this.#forget(key)
    }
    return entry
  }

  async remove(key: string): Promise<void> {
    this.#forget(key)
    removeFile(machineFiles, this.#file(key))
  }

  async touch(key: string, now: Date): Promise<void> {
    const status = machineFiles.stat(this.#file(key))
    if (status !== undefined && Math.abs(now.getTime() - status.modifiedMs) >= touchEveryMs) this.#setTime(key, now)
  }

  async list(): Promise<ReadonlyMap<string, Entry>> {
    const entries = new Map<string, Entry>()
    for (const key of this.#keys()) {
      const entry = await this.get(key)
      if (entry !== undefined) entries.set(key, entry)
    }
    return entries
  }

  async count(): Promise<number> {
    return this.#keys().length
  }

  async sweep(now: Date): Promise<void> {
    for (const [index, key] of this.#keys().entries()) {
      if (index % sweptAtOnce === sweptAtOnce - 1) await new Promise((resolve) => setImmediate(resolve))
      try {
        const content = readIfPresent(machineFiles, this.#file(key))
        const end = content && this.#form.endOf(content)
        if (end === undefined || end > now.getTime()) continue
        this.#forget(key)
        removeQuietly(machineFiles, this.#file(key))
      } catch {}
    }
  }

  #keys(): string[] {
    const { suffix } = this.#form
    return listIfPresent(machineFiles, this.#folder)
      .filter((name) => name.endsWith(suffix) && /^[0-9a-f]{64}$/.test(name.slice(0, -suffix.length)))
      .map((name) => name.slice(0, -suffix.length))
  }

  #forget(key: string): void {
    this.#known.delete(key)
    seenInTurn.delete(this.#file(key))
  }

  #setTime(key: string, time: Date): void {
    seenInTurn.delete(this.#file(key))
    try {
      process.getBuiltinModule('node:fs').utimesSync(this.#file(key), time, time)
    } catch {}
  }

  #file(key: string): string {
    return join(this.#folder, key + this.#form.suffix)
  }
}
