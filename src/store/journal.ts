import { dirname, join } from 'node:path'
import type { DataKey } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import {
  listIfPresent,
  makeFolders,
  readIfPresent,
  removeFile,
  replaceFileAside,
  syncFolder,
  syncFolderAside,
} from '../files/index.ts'
import { removeOldTemporaries } from './leftovers.ts'
import type { CompleteWorld } from './world.ts'

export interface JournalRecord {
  readonly id: string
  readonly content: Uint8Array
}

interface JournalPlace {
  readonly world: Pick<CompleteWorld, 'files' | 'now'>
  readonly store: string
  /** The folder of this journal: one an environment id, so that it outlives a change of name. */
  readonly folder: string
  /** For messages. */
  readonly environment: string
  /** Makes the data key when there is none. */
  readonly createKey: () => Promise<DataKey>
  readonly existingKey: () => Promise<DataKey>
}

const suffix = '.entry'
const header = Buffer.from('esc-journal-v1\n')

/**
 * What an unfinished rotation must not lose: one file an entry, encrypted under the environment's data key.
 * Nothing here is ever removed but by `remove`.
 */
export class Journal {
  readonly #place: JournalPlace
  /** Whether the folders above are known to be on the disk. */
  #anchored = false
  /** Whether what killed processes have left is removed. */
  #tidied = false
  /** The sync of the folder that is about to begin. */
  #sync: Promise<void> | undefined

  constructor(place: JournalPlace) {
    this.#place = place
  }

  /** Needs no key. */
  ids(): string[] {
    const names = listIfPresent(this.#place.world.files, this.#place.folder)
    const entries = names.filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    return entries.map((name) => decodeId(name.slice(0, -suffix.length))).sort()
  }

  /** All entries, decrypted; none, and no key needed, when there is no unfinished rotation. Throws when one cannot be decrypted. */
  async list(): Promise<JournalRecord[]> {
    const ids = this.ids()
    if (ids.length === 0) return []
    const key = await this.#place.existingKey()
    return ids.flatMap((id) => {
      const content = this.#read(id, key)
      return content === undefined ? [] : [{ id, content }]
    })
  }

  /**
   * What `list` has returned is on the disk when this returns, also if whoever wrote it was killed before it was. Whoever acts
   * upon an entry must know that: when a loss of power took it away, nobody would know what had been done.
   */
  makeDurable(): void {
    const { world, folder } = this.#place
    syncFolder(world.files, folder)
    this.#anchor()
  }

  /** Adds or replaces an entry. Returns when it is on the disk. */
  async put(id: string, content: Uint8Array): Promise<void> {
    const key = await this.#place.createKey()
    const { world, folder } = this.#place
    makeFolders(world.files, folder, 0o700)
    this.#anchor()
    if (!this.#tidied) removeOldTemporaries(world, folder)
    this.#tidied = true
    const bytes = Buffer.concat([header, key.encryptRecord(id, content)])
    await replaceFileAside(world.files, this.#file(id), bytes, { mode: 0o600 })
    await this.#syncFolder()
  }

  /** Returns when the entry is gone for good. Absent: nothing to do. */
  async remove(id: string): Promise<void> {
    if (removeFile(this.#place.world.files, this.#file(id))) await this.#syncFolder()
  }

  /** One sync for all the entries that are put or removed in one turn of the event loop: many paths are at work at once. */
  #syncFolder(): Promise<void> {
    this.#sync ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#sync = undefined
      return syncFolderAside(this.#place.world.files, this.#place.folder)
    })
    return this.#sync
  }

  /** A process killed while it made the folders above may have left them unsynced; a loss of power would take all in them away. */
  #anchor(): void {
    const { world, folder, store } = this.#place
    for (let above = dirname(folder); !this.#anchored && above !== dirname(store); above = dirname(above)) {
      syncFolder(world.files, above)
    }
    this.#anchored = true
  }

  #read(id: string, key: DataKey): Uint8Array | undefined {
    const { world, environment } = this.#place
    const bytes = readIfPresent(world.files, this.#file(id))
    if (bytes === undefined) return undefined
    const known = header.equals(bytes.subarray(0, header.length))
    try {
      if (known) return key.decryptRecord(id, bytes.subarray(header.length))
    } catch (error) {
      if (!(error instanceof EscError && error.code === 'tampered')) throw error
    }
    throw new EscError(
      'tampered',
      `the journal of environment '${environment}' holds an entry that cannot be ${known ? 'decrypted' : 'read'}: ${this.#file(id)}`,
      {
        hint: 'it may hold a credential of an unfinished rotation: restore the data key it was made with, or keep the file elsewhere and check the remote side by hand',
      },
    )
  }

  #file(id: string): string {
    const name = encodeId(id)
    if (id === '' || name.length > 200) {
      throw new EscError('invalid_input', `'${id}' cannot be the id of a journal entry`)
    }
    return join(this.#place.folder, name + suffix)
  }
}

/** A file name that differs from every other id's, also where file systems take `A` and `a` for the same. */
function encodeId(id: string): string {
  return encodeURIComponent(id).replace(/%[0-9A-F]{2}|[A-Z.*]/g, (text) =>
    text.length === 1 ? `%${text.charCodeAt(0).toString(16).toUpperCase()}` : text,
  )
}

function decodeId(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
