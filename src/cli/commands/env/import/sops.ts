import { readSops } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportSops extends ImportCommand {
  static override id = 'env:import:sops'
  static override busy = 'importing'
  static override summary = 'Import a file encrypted by SOPS.'
  static override description =
    `Imports the values of a SOPS file: YAML, JSON, INI (one section per key) or dotenv (into environmentVariables). Existing values stay. Values that
SOPS encrypted are encrypted again, with their types. The age identity comes from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, the keys.txt of SOPS, or from the
settings of the age secrets provider. The MAC of the file is verified first.`
  static override examples = [
    { description: 'Import a file', command: 'esc env import sops app/dev secrets.enc.yaml' },
    { description: 'Below a path', command: 'esc env import sops app/dev secrets.enc.json --path database' },
  ]

  protected override readonly place = ''

  protected override read({ content, host, environment, source }: ImportSource) {
    return readSops(content, host, { environment, source })
  }
}
