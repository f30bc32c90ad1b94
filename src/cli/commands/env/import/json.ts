import { readPlainFile } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportJson extends ImportCommand {
  static override id = 'env:import:json'
  static override busy = 'importing'
  static override summary = 'Import a JSON file into an environment.'
  static override description =
    `Imports the values of a JSON file beside those that are there, with their types. Values that look like secrets are encrypted; the others are
listed. --secret encrypts every value.`
  static override examples = [
    { description: 'Import a file below a path', command: 'esc env import json app/dev config.json --path config' },
    {
      description: 'Show what would be imported, without values',
      command: 'esc env import json app/dev config.json --dry-run',
    },
  ]

  protected override readonly place = ''

  protected override async read({ content, source }: ImportSource) {
    return readPlainFile(content, source)
  }
}
