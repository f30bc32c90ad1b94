import { readPlainFile } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportYaml extends ImportCommand {
  static override id = 'env:import:yaml'
  static override busy = 'importing'
  static override summary = 'Import a YAML file into an environment.'
  static override description =
    `Imports the values of a YAML file beside those that are there, with their types. Values that look like secrets are encrypted; the others are
listed. --secret encrypts every value. For a file that SOPS has encrypted, use "esc env import sops".`
  static override examples = [
    { description: 'Import a file below a path', command: 'esc env import yaml app/dev config.yaml --path config' },
    {
      description: 'Show what would be imported, without values',
      command: 'esc env import yaml app/dev config.yaml --dry-run',
    },
  ]

  protected override readonly place = ''

  protected override async read({ content, source }: ImportSource) {
    return readPlainFile(content, source)
  }
}
