import { join } from 'node:path'
import { type FileSystem, makeFolders, readTextIfPresent, replaceFile } from '../../files/index.ts'

/** Names that environments with a key have had on this machine. */
export class KnownNames {
  readonly #files: FileSystem
  readonly #folder: string

  constructor(files: FileSystem, folder: string) {
    this.#files = files
    this.#folder = folder
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
  accept(name: string, id: string): void {
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
}
