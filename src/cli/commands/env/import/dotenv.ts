import { readDotenv } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportDotenv extends ImportCommand {
  static override id = 'env:import:dotenv'
  static override busy = 'importing'
  static override summary = 'Import a .env file into an environment.'
  static override description =
    `Imports the variables of a .env file into environmentVariables. Variables that look like secrets are encrypted; the others are listed. If a line
cannot be read, nothing is imported and all such lines are shown. Values that programs read differently are imported with a warning.
"esc open --format dotenv" prints such a file again.`
  static override examples = [
    { description: 'Import a file', command: 'esc env import dotenv app/dev .env' },
    { description: 'Encrypt every value', command: 'esc env import dotenv app/dev .env --secret' },
  ]

  protected override readonly place = 'environmentVariables'

  protected override async read({ content, source }: ImportSource) {
    return readDotenv(content, source)
  }
}
