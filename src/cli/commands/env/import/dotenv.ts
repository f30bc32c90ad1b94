import { EscError } from '../../../../errors.ts'
import { readDotenvFile } from '../../../../operations/index.ts'
import { readText } from '../../../framework/definition-input.ts'
import { text } from '../../../framework/flags.ts'
import { IMPORT_FLAGS, ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

const flags = {
  ...IMPORT_FLAGS,
  keys: text({
    description: 'the file of dotenvx with the private key. Default: .env.keys beside the file',
    value: 'file',
  }),
}

export default class EnvImportDotenv extends ImportCommand<typeof flags> {
  static override id = 'env:import:dotenv'
  static override busy = 'importing'
  static override summary = 'Import a .env file into an environment.'
  static override description =
    `Imports the variables of a .env file into environmentVariables. Variables that look like secrets are encrypted; the others are listed. If a line
cannot be read, nothing is imported and all such lines are shown. Values that programs read differently are imported with a warning.
"esc open --format dotenv" prints such a file again.

Values that dotenvx has encrypted are decrypted, and encrypted again as secrets. The private key comes from DOTENV_PRIVATE_KEY, or for example
DOTENV_PRIVATE_KEY_PRODUCTION, or from .env.keys beside the file; with --keys, from that file alone. It must fit DOTENV_PUBLIC_KEY in the file,
which is not imported.`
  static override examples = [
    { description: 'Import a file', command: 'esc env import dotenv app/dev .env' },
    { description: 'Encrypt every value', command: 'esc env import dotenv app/dev .env --secret' },
    {
      description: 'Import a file of dotenvx',
      command: 'esc env import dotenv app/prod .env.production --keys ~/keys/.env.keys',
    },
  ]
  static override flags = flags

  protected override readonly place = 'environmentVariables'

  protected override async read({ content, source, host, path }: ImportSource) {
    return readDotenvFile(content, host, { source, path, keys: await this.#keys(path) })
  }

  async #keys(path: string | undefined) {
    const { keys } = this.flags
    if (keys === undefined) return undefined
    if (keys === '-' && path === undefined) {
      throw new EscError('usage', 'the values and the keys cannot both be read from standard input')
    }
    const messages = { file: `could not read ${keys}`, stdin: 'could not read the keys from stdin' }
    return { content: await readText(this.io, keys, messages), source: keys === '-' ? 'standard input' : keys }
  }
}
