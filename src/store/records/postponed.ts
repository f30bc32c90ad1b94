/** The time for which a write waits at most, in milliseconds. */
const waitsMs = 1_000

interface Waiting {
  readonly value: unknown
  readonly write: () => void
}

/**
 * Writes to this machine's own files that may wait for a second, so that what changes often is
 * written once. Whoever reads such a file looks here first. A process that is killed loses them.
 */
export class Postponed {
  readonly #waiting = new Map<string, Waiting>()
  #timer: NodeJS.Timeout | undefined

  /** The value that waits to be written under a key. `undefined`: none. */
  value(key: string): unknown {
    return this.#waiting.get(key)?.value
  }

  /** Has `write` called within a second, in the place of what waits under the key. */
  put(key: string, value: unknown, write: () => void): void {
    this.#waiting.set(key, { value, write })
    this.#timer ??= setTimeout(() => this.flush(), waitsMs)
    // The end of the process writes them too.
    this.#timer.unref()
  }

  /** Forgets what waits under a key: it was written, or is void. */
  drop(key: string): void {
    this.#waiting.delete(key)
  }

  /** Writes all that waits. Best effort. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [key, { write }] of this.#waiting) {
      try {
        write()
      } catch {}
      this.#waiting.delete(key)
    }
  }
}
