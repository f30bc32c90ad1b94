import { readVaultExport } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportVault extends ImportCommand {
  static override id = 'env:import:vault'
  static override busy = 'importing'
  static override summary = 'Import a secret of Vault or OpenBao.'
  static override description =
    `Imports what "vault kv get -format=json PATH" prints, or "bao kv get": a secret of the KV engine, version 1 or 2. Every value is encrypted.`
  static override examples = [
    {
      description: 'Import a secret below a path',
      command: 'vault kv get -format=json secret/app | esc env import vault app/dev - --path app',
    },
    {
      description: 'Show what would be imported, without values',
      command: 'esc env import vault app/dev secret.json --dry-run',
    },
  ]

  protected override readonly place = ''

  protected override async read({ content, source }: ImportSource) {
    return readVaultExport(content, source)
  }
}
