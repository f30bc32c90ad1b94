import { EscError } from '../../../errors.ts'
import { type CopiedStore, importStoreIntoDatabase } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { copiedText, DATABASE_FLAG, databaseUrl } from '../../framework/database.ts'
import { openSession } from '../../framework/session.ts'

const flags = { ...DATABASE_FLAG, ...OUTPUT_FLAG }

export default class ServerImport extends EscCommand<CopiedStore, typeof flags> {
  static override id = 'server:import'
  static override summary = 'Copy a store from a folder to a PostgreSQL database.'
  static override description =
    `Copies every revision, setting and event byte for byte, in one transaction. The database must not hold a store yet; tables are created. No key is
needed. The environments keep their keys, so machines that use the database need the same ones.

Tokens of the server, waiting webhook deliveries and the audit log stay with this machine: create new tokens for the database, and keep the old log.

First finish interrupted rotations and save edits. The folder is not changed: from then on, use either the folder or the database.`
  static override examples = [
    {
      description: 'Move the store of this folder',
      command: 'esc server import environments --database postgres://esc@db.example.com/esc',
    },
  ]
  static override flags = flags
  static override args = { folder: { description: 'folder of the store (default: as --store)', required: false } }
  static override count = { kind: 'atMost', count: 1 } as const
  static override usesSelected = false

  async run(): Promise<CopiedStore> {
    const [folder] = this.positionals
    const url = databaseUrl(this.io, { database: this.flags.database })
    if (url === undefined) {
      throw new EscError('usage', 'no database is named', { hint: 'give --database, or set ESC_DATABASE_URL' })
    }
    const session = openSession(this.io, { store: folder ?? this.flags.store })
    return (await session.perform(importStoreIntoDatabase, undefined, { url })).result
  }

  text(copied: CopiedStore): string {
    return `Copied ${copiedText(copied)} to the database.`
  }
}
