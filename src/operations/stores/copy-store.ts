import { resolve } from 'node:path'
import { type CopiedStore, openDatabase } from '../../store/index.ts'
import { storeOperation } from '../session/operation.ts'

/**
 * Copies the store of the session, which is in a folder, to a PostgreSQL database: all revisions,
 * settings and events, byte for byte, in one transaction. Needs no key of any environment.
 */
export const importStoreIntoDatabase = storeOperation({
  name: 'import-store-into-database',
  level: 'admin',
  audit: 'store-copied',
  changes: false,
  async run({ store }, { url }: { readonly url: string }): Promise<CopiedStore> {
    const records = await openDatabase(url, { create: true })
    try {
      return await store.transfer.toDatabase(records)
    } finally {
      await records.close()
    }
  },
})

/** Copies the store of the session to a new folder, byte for byte. */
export const exportStoreToFolder = storeOperation({
  name: 'export-store-to-folder',
  level: 'admin',
  audit: 'store-copied',
  changes: false,
  async run({ store, host }, { folder }: { readonly folder: string }): Promise<CopiedStore> {
    return store.transfer.toFolder(resolve(host.cwd, folder))
  },
})
