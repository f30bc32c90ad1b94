import { join } from 'node:path'
import {
  listIfPresent,
  makeFolders,
  readIfPresent,
  removeFile,
  replaceFileAside,
  syncFolder,
  syncFolderAside,
} from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { removeOldTemporaries } from '../locks/leftovers.ts'
import type { JournalRecords } from '../records/records.ts'
import type { StoreState } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'
import { syncAbove } from '../sync-above.ts'

/** One file for each entry, in the state folder of this machine. */
export class FolderJournal implements JournalRecords {
  readonly folder: string
  readonly #host: Pick<CompleteHost, 'files' | 'now'>
  readonly #machine: string
  readonly #id: string
  /** True when the folders above are known to be on the disk. */
  #anchored = false
  /** True when leftovers of killed processes are removed. */
  #tidied = false
  /** The sync of the folder that is about to begin. */
  #sync: Promise<void> | undefined

  constructor(host: Pick<CompleteHost, 'files' | 'now'>, state: StoreState, id: string) {
    this.#host = host
    this.#machine = state.machine
    this.#id = id
    this.folder = stateLayout.journal(state.machine, id)
  }

  names(): string[] {
    return listIfPresent(this.#host.files, this.folder)
  }

  read(name: string): Uint8Array | undefined {
    return readIfPresent(this.#host.files, join(this.folder, name))
  }

  /** The locks of a folder cannot be taken over. */
  async requireLock(): Promise<void> {}

  makeDurable(): void {
    syncFolder(this.#host.files, this.folder)
    this.#anchor()
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const { files } = this.#host
    makeFolders(files, this.folder, 0o700)
    this.#anchor()
    if (!this.#tidied) removeOldTemporaries(this.#host, this.folder)
    this.#tidied = true
    await replaceFileAside(files, join(this.folder, name), bytes, { mode: 0o600 })
    await this.#syncFolder()
  }

  async remove(name: string): Promise<void> {
    if (removeFile(this.#host.files, join(this.folder, name))) await this.#syncFolder()
  }

  async setAside(name: string): Promise<string> {
    const { setEntryAside } = await import('../state/set-aside.ts')
    return setEntryAside(this.#host, { machine: this.#machine, id: this.#id, file: join(this.folder, name) })
  }

  /**
   * One sync for all the entries that are put or removed in one turn of the event loop: many
   * paths are at work at once.
   */
  #syncFolder(): Promise<void> {
    this.#sync ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#sync = undefined
      return syncFolderAside(this.#host.files, this.folder)
    })
    return this.#sync
  }

  /**
   * A process killed while it made the folders above may have left them unsynced; a loss of power
   * would take all in them away.
   */
  #anchor(): void {
    if (this.#anchored) return
    syncAbove(this.#host.files, this.folder, this.#machine)
    this.#anchored = true
  }
}
