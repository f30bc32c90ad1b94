import { randomBytes } from 'node:crypto'
import { newestRevisions, type SeenRevision, type Session } from '../operations/index.ts'

/** The store is looked at so often while somebody waits for changes. */
const looksEveryMs = 1_000
/** The number of changes that a client may have missed and still hears of. */
const mostKept = 1_000

/**
 * Tells of environments that are at a new revision, or one of whose tags is, whoever has made it:
 * the server, another replica, the command line, or git. The store is looked at once for all who
 * wait, and not at all while nobody does.
 */
export class StoreChanges {
  readonly #open: () => Session
  readonly #listeners = new Set<(environment: string) => void>()
  /** Names this process: ids of another one mean nothing here. */
  readonly #run = randomBytes(6).toString('hex')
  readonly #log: string[] = []
  #dropped = 0
  #seen: ReadonlyMap<string, SeenRevision> | undefined
  #looking: NodeJS.Timeout | undefined
  #look: Promise<void> | undefined

  /** @param open the store as it is now. */
  constructor(open: () => Session) {
    this.#open = open
  }

  /** The id of the last change. */
  get lastId(): string {
    return `${this.#run}-${this.#dropped + this.#log.length}`
  }

  /** Names of what has changed since an id. `undefined`: nobody knows any more. */
  since(id: string): ReadonlySet<string> | undefined {
    const [run, count] = id.split('-')
    const from = Number(count) - this.#dropped
    if (run !== this.#run || !Number.isInteger(from) || from < 0 || from > this.#log.length) return undefined
    return new Set(this.#log.slice(from))
  }

  /** Resolves once the store was looked at: a subscriber hears of every change after that. */
  async settled(): Promise<void> {
    await this.#look
  }

  /** Calls back with the name of each environment that changes, until what it returns is called. */
  subscribe(listener: (environment: string) => void): () => void {
    this.#listeners.add(listener)
    if (this.#looking === undefined) {
      this.#lookAgain()
      this.#looking = setInterval(() => this.#lookAgain(), looksEveryMs)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearInterval(this.#looking)
      this.#looking = undefined
    }
  }

  /** A look that takes long is waited for. */
  #lookAgain(): void {
    this.#look ??= this.#compare().finally(() => {
      this.#look = undefined
    })
  }

  async #compare(): Promise<void> {
    try {
      const before = this.#seen
      const now = await newestRevisions(this.#open(), before ?? new Map())
      this.#seen = now
      if (before === undefined) return
      for (const [name, { revision, versions }] of now) {
        const known = before.get(name)
        if (known?.revision !== revision || known.versions !== versions) this.#tell(name)
      }
      for (const name of before.keys()) if (!now.has(name)) this.#tell(name)
    } catch {
      // A store that cannot be read, as in the middle of a merge, is looked at again.
    }
  }

  #tell(name: string): void {
    this.#log.push(name)
    if (this.#log.length > mostKept) {
      this.#log.shift()
      this.#dropped++
    }
    for (const listener of this.#listeners) listener(name)
  }
}
