import { readSops } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportSops extends ImportCommand {
  static override id = 'env:import:sops'
  static override busy = 'importing'
  static override summary = 'Import a file that SOPS has encrypted for age recipients.'
  static override description =
    `Puts the values of a SOPS file into the environment, beside those it has: YAML, JSON, INI (a section to a key) or dotenv (into
environmentVariables). What SOPS had encrypted is encrypted again, with its types. The age identity comes from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, SOPS's own keys.txt, or as for the age secrets provider. The
file's MAC is checked first.`
  static override examples = [
    { description: 'Import a file', command: 'esc env import sops app/dev secrets.enc.yaml' },
    { description: 'Below a path', command: 'esc env import sops app/dev secrets.enc.json --path database' },
  ]

  protected override readonly place = ''

  protected override read({ content, host, environment, source }: ImportSource) {
    return readSops(content, host, { environment, source })
  }
}
