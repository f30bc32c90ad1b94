import { readDotenv } from '../../../../operations/index.ts'
import { ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

export default class EnvImportDotenv extends ImportCommand {
  static override id = 'env:import:dotenv'
  static override busy = 'importing'
  static override summary = 'Import a .env file.'
  static override description =
    `Puts the variables of a .env file into environmentVariables. Those that may be secrets, by their names or their looks, are encrypted;
the others are listed. Lines that cannot be understood are refused, all at once; what programs read differently is imported with a warning.
"esc env open --format dotenv" is the way back.`
  static override examples = [
    { description: 'Import a file', command: 'esc env import dotenv app/dev .env' },
    { description: 'Encrypt every value', command: 'esc env import dotenv app/dev .env --secret' },
  ]

  protected override readonly place = 'environmentVariables'

  protected override async read({ content, source }: ImportSource) {
    return readDotenv(content, source)
  }
}
