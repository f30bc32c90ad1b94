import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * File systems tell times apart by some milliseconds only: what changed just now may change again
 * unseen.
 */
const GRAIN_MS = 50

/**
 * The state of the folders of environments, by the times at which something was last added to them
 * or taken away. Looking at it takes some microseconds for each.
 */
export class Fingerprint {
  readonly #paths: readonly string[]
  readonly #state: string

  private constructor(paths: readonly string[], state: string) {
    this.#paths = paths
    this.#state = state
  }

  /**
   * The state of a store's configuration and of some of its environments. `undefined` when they
   * have changed since `begun` (milliseconds since 1970), or so shortly before that nobody can
   * tell.
   */
  static of(store: string, environments: readonly string[], begun: number): Fingerprint | undefined {
    try {
      const within = environments.flatMap((folder) => [
        folder,
        ...readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => join(folder, name)),
      ])
      const paths = [join(store, 'esc.yaml'), ...new Set(within)]
      const { state, newest } = look(paths)
      return newest > begun - GRAIN_MS ? undefined : new Fingerprint(paths, state)
    } catch {
      return undefined
    }
  }

  isCurrent(): boolean {
    try {
      return look(this.#paths).state === this.#state
    } catch {
      return false
    }
  }
}

function look(paths: readonly string[]): { readonly state: string; readonly newest: number } {
  let newest = 0
  let state = ''
  for (const path of paths) {
    const { ino, mtimeMs, ctimeMs, size } = statSync(path)
    newest = Math.max(newest, mtimeMs, ctimeMs)
    state += `${ino}:${mtimeMs}:${ctimeMs}:${size}\n`
  }
  return { state, newest }
}
