import { EscError } from '../../../../errors.ts'
import { readSops } from '../../../../operations/index.ts'
import { boolean } from '../../../framework/flags.ts'
import { IMPORT_FLAGS, ImportCommand, type ImportSource } from '../../../framework/import-command.ts'

const flags = {
  ...IMPORT_FLAGS,
  'with-sops': boolean({
    description: 'let the program sops decrypt the file, with PGP, a cloud KMS or any key it knows',
  }),
}

export default class EnvImportSops extends ImportCommand<typeof flags> {
  static override id = 'env:import:sops'
  static override busy = 'importing'
  static override summary = 'Import a file encrypted by SOPS.'
  static override description =
    `Imports the values of a SOPS file: YAML, JSON, INI (one section per key) or dotenv (into environmentVariables). Existing values stay. Values that
SOPS encrypted are encrypted again, with their types. The age identity comes from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, the keys.txt of SOPS, or from the
settings of the age secrets provider. The MAC of the file is verified first.

Other keys, such as PGP or a cloud KMS, need the program sops: --with-sops runs it. It uses the keys and logins that you have for it.`
  static override examples = [
    { description: 'Import a file', command: 'esc env import sops app/dev secrets.enc.yaml' },
    { description: 'Below a path', command: 'esc env import sops app/dev secrets.enc.json --path database' },
    {
      description: 'Import a file that is encrypted with PGP or a cloud KMS',
      command: 'esc env import sops app/dev secrets.enc.yaml --with-sops',
    },
  ]
  static override flags = flags

  protected override readonly place = ''

  protected override async read({ content, host, environment, source, path }: ImportSource) {
    if (!this.flags['with-sops']) return readSops(content, host, { environment, source })
    if (path === undefined) {
      throw new EscError('usage', '--with-sops cannot be combined with standard input', { hint: 'name the file' })
    }
    return readSops(content, host, { environment, source, bySops: path })
  }
}
