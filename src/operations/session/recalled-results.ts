import type { ExportedMap } from '../../evaluate/index.ts'
import type { DataKey } from '../../keys/index.ts'

/** The result of an opening as it was kept, and what it was decrypted to. */
interface Recalled {
  readonly bytes: Uint8Array
  readonly keys: readonly DataKey[]
  readonly properties: ExportedMap
}

/** Bytes, as they are encrypted, of results that are in memory at most. */
const mostBytes = 16 << 20

/**
 * The results of openings that a process has decrypted from what was kept, by the id of the
 * environment. One counts only for who holds the same keys, and for the same bytes: it spares the
 * decryption and the reading, and none of what is asked before.
 */
export class RecalledResults {
  readonly #results = new Map<string, Recalled>()
  #size = 0

  /** The result that these bytes were decrypted to with these keys. `undefined`: not known. */
  find(id: string, bytes: Uint8Array, keys: readonly DataKey[]): ExportedMap | undefined {
    const found = this.#results.get(id)
    if (found === undefined || found.keys.length !== keys.length) return undefined
    if (keys.some((key, index) => key !== found.keys[index])) return undefined
    return Buffer.compare(found.bytes, bytes) === 0 ? found.properties : undefined
  }

  /** Keeps a result, in the place of the one before; the oldest go where they are too many. */
  keep(id: string, recalled: Recalled): void {
    this.#forget(id)
    for (const oldest of this.#results.keys()) {
      if (this.#size + recalled.bytes.length <= mostBytes) break
      this.#forget(oldest)
    }
    this.#results.set(id, recalled)
    this.#size += recalled.bytes.length
  }

  #forget(id: string): void {
    this.#size -= this.#results.get(id)?.bytes.length ?? 0
    this.#results.delete(id)
  }
}
