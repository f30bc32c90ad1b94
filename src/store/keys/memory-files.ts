import { join } from 'node:path'
import { type FileSystem, makeFolders, readTextIfPresent, removeQuietly, replaceFile } from '../../files/index.ts'
import type { Postponed } from '../records/postponed.ts'
import { formatRemembered, parseRemembered, type Remembered, type Unwritten, withUnwritten } from './remembered.ts'

interface MemoryPlace {
  readonly files: FileSystem
  /** Folder that the files are in. */
  readonly folder: string
  /** True when it says when it was written, for stores that are read from a copy (`isAfter`). */
  readonly dated: boolean
  /** Takes what was seen, for stores whose database is the truth. Absent: it is written at once. */
  readonly postponed: Postponed | undefined
}

/** Files with what this machine remembers of environments, one per id. */
export class MemoryFiles {
  readonly #place: MemoryPlace
  /** As it was last read or written. */
  readonly #last = new Map<string, Remembered>()

  constructor(place: MemoryPlace) {
    this.#place = place
  }

  file(id: string): string {
    return join(this.#place.folder, `${id}.json`)
  }

  /** As it was last read or written by this object. */
  last(id: string): Remembered {
    return this.#last.get(id) ?? this.read(id)
  }

  read(id: string): Remembered {
    const { files, postponed } = this.#place
    const unwritten = postponed?.value(this.file(id)) as Unwritten | undefined
    const written = this.#written(id, files)
    const remembered = unwritten === undefined ? written : withUnwritten(written, unwritten)
    this.#last.set(id, remembered)
    return remembered
  }

  /** Nothing where the file cannot be read: what is remembered only spares and warns. */
  #written(id: string, files: FileSystem): Remembered {
    let text: string | undefined
    try {
      text = readTextIfPresent(files, this.file(id))
    } catch {}
    return parseRemembered(text)
  }

  /** Writes all that was read, what is postponed among it. */
  write(id: string, { inheritedKeys, ...rest }: Remembered, synced: boolean, at = Date.now()): void {
    const { dated, files, folder, postponed } = this.#place
    const kept = rest.keys.length > 0 || inheritedKeys === undefined ? rest : { ...rest, inheritedKeys }
    const remembered = dated ? { ...kept, at } : kept
    this.#last.set(id, remembered)
    postponed?.drop(this.file(id))
    makeFolders(files, folder, 0o700)
    replaceFile(files, this.file(id), Buffer.from(formatRemembered(remembered)), { mode: 0o600, synced })
  }

  /**
   * Keeps what was seen until the database has written what it tells of. Returns false where it is
   * to be written at once.
   */
  postpone(id: string, unwritten: Unwritten): boolean {
    const { postponed } = this.#place
    if (postponed === undefined) return false
    postponed.put(this.file(id), unwritten, () => {
      const remembered = this.read(id)
      this.write(id, remembered, false, remembered.at)
    })
    this.#last.delete(id)
    return true
  }

  remove(id: string): void {
    const { files, postponed } = this.#place
    this.#last.delete(id)
    postponed?.drop(this.file(id))
    removeQuietly(files, this.file(id))
  }
}
