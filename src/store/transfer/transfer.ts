import { EscError } from '../../errors.ts'
import { environmentNames } from '../environments.ts'
import type { StoreRecords } from '../records/records.ts'
import type { StoreParts } from '../store-parts.ts'
import { type CopiedStore, exportStore, importStore } from './copy-store.ts'

/** Copies a store between a folder and a database: byte for byte, and without any key. */
export class Transfer {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Copies the store, which is in a folder, to a database without one.
   * @throws EscError `already_exists`; `conflict` where a rotation is unfinished; `unsaved_edit`,
   *   `unsupported`, `tampered`, `locked`, `io`.
   */
  async toDatabase(records: StoreRecords): Promise<CopiedStore> {
    const { files, folder } = this.#parts
    this.#parts.guard('*', 'admin')
    if (this.#parts.records.kind !== 'folder') {
      throw new EscError('unsupported', 'only a store in a folder can be copied to a database', {
        hint: 'copy this one to a folder first',
      })
    }
    const environments = environmentNames(files, folder).map((name) => this.#parts.handle(name))
    return importStore({ files, folder, environments }, records)
  }

  /**
   * Copies the store to a new folder, whatever it is kept in.
   * @throws EscError `already_exists`, `io`.
   */
  async toFolder(folder: string): Promise<CopiedStore> {
    this.#parts.guard('*', 'admin')
    return exportStore(this.#parts.records, folder)
  }
}
