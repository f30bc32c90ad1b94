import { type CopiedStore, exportStoreToFolder } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { type AnySession, copiedText, DATABASE_FLAG, withAnySession } from '../../framework/database.ts'

const flags = { ...DATABASE_FLAG, ...OUTPUT_FLAG }

export default class ServerExport extends EscCommand<CopiedStore, typeof flags> {
  static override id = 'server:export'
  static override summary = 'Copy a store from a PostgreSQL database to a new folder.'
  static override description =
    `Copies every revision, setting and event byte for byte. The folder is written completely or not at all, and is a normal store: verify it with
"esc check --store FOLDER". No key is needed. Tokens, webhook deliveries and the audit log stay in the database: a copy must not let
anybody in.`
  static override examples = [
    {
      description: 'Take the store out of the database',
      command: 'esc server export environments --database postgres://esc@db.example.com/esc',
    },
  ]
  static override flags = flags
  static override args = { folder: { description: 'the folder that is to be made', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const
  static override usesSelected = false

  async run(): Promise<CopiedStore> {
    const [folder = ''] = this.positionals
    const copy = ({ session }: AnySession) => session.perform(exportStoreToFolder, undefined, { folder })
    return (await withAnySession(this.io, this.flags, copy)).result
  }

  text(copied: CopiedStore): string {
    return `Copied ${copiedText(copied)} to ${this.positionals[0]}.`
  }
}
