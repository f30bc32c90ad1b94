import { readDopplerExport } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportDoppler extends ImportCommand {
  static override id = 'env:import:doppler'
  static override busy = 'importing'
  static override summary = 'Import secrets exported from Doppler.'
  static override description =
    `Imports what "doppler secrets download --no-file --format json" prints into environmentVariables. Every value is encrypted. The variables that
Doppler itself sets are left out.`
  static override examples = [
    {
      description: 'Import a config of Doppler',
      command: 'doppler secrets download --no-file --format json | esc env import doppler app/dev -',
    },
    {
      description: 'Show what would be imported, without values',
      command: 'esc env import doppler app/dev doppler.json --dry-run',
    },
  ]

  protected override readonly place = 'environmentVariables'

  protected override async read({ content, source }: ImportSource) {
    return readDopplerExport(content, source)
  }
}
