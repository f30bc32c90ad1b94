import { readOnePasswordItem } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportOnePassword extends ImportCommand {
  static override id = 'env:import:1password'
  static override busy = 'importing'
  static override summary = 'Import an item of 1Password.'
  static override description =
    `Imports what "op item get ITEM --format json" prints: the fields of an item by their labels, those of a section below its label. Every value is
encrypted. Fields without a value are left out.`
  static override examples = [
    {
      description: 'Import an item below a path',
      command: 'op item get app --format json | esc env import 1password app/dev - --path app',
    },
    {
      description: 'Show what would be imported, without values',
      command: 'esc env import 1password app/dev item.json --dry-run',
    },
  ]

  protected override readonly place = ''

  protected override async read({ content, source }: ImportSource) {
    return readOnePasswordItem(content, source)
  }
}
