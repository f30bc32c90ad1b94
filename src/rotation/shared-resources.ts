import type { SharedResources } from '../rotators/index.ts'

interface Closable {
  close(): Promise<void>
}

/**
 * Everything that the paths of one run share, such as log-ins of managing users. Everything is
 * closed when the run ends.
 */
export class RunResources implements SharedResources {
  readonly #held = new Map<string, Closable>()

  of<T extends Closable>(key: string, make: () => T): T {
    // A key names its kind, so what is held under it is what `make` makes.
    const held = (this.#held.get(key) as T | undefined) ?? make()
    this.#held.set(key, held)
    return held
  }

  async close(): Promise<void> {
    const all = [...this.#held.values()]
    this.#held.clear()
    await Promise.allSettled(all.map((each) => each.close()))
  }
}
