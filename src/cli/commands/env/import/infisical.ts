import { readInfisicalExport } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportInfisical extends ImportCommand {
  static override id = 'env:import:infisical'
  static override busy = 'importing'
  static override summary = 'Import secrets exported from Infisical.'
  static override description =
    `Imports what "infisical export --format json" prints, or "--format yaml", into environmentVariables. Every value is encrypted.`
  static override examples = [
    {
      description: 'Import an environment of Infisical',
      command: 'infisical export --format json | esc env import infisical app/dev -',
    },
    {
      description: 'Show what would be imported, without values',
      command: 'esc env import infisical app/dev infisical.json --dry-run',
    },
  ]

  protected override readonly place = 'environmentVariables'

  protected override async read({ content, source }: ImportSource) {
    return readInfisicalExport(content, source)
  }
}
