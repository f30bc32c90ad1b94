import { relative } from 'node:path'
import { initChosenStore } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { text } from '../framework/flags.ts'
import { sessionRequest } from '../framework/session.ts'

const flags = {
  organization: text({ description: 'label of the store in full names (default: local)', value: 'name' }),
  'secrets-provider': text({
    description:
      "how new environments keep their key: default (a key file of yours), passphrase, age, or the URL of a vendor's key",
    value: 'provider',
  }),
  ...OUTPUT_FLAG,
}

interface Result {
  readonly folder: string
}

export default class Init extends EscCommand<Result, typeof flags> {
  static override id = 'init'
  static override summary = 'Create a store: a folder of environments to commit to git.'
  static override description =
    `Creates a folder (default: environments) for environments, their history and their encrypted secrets. Commands find it from
any folder inside it or beside it. Commit it to git.

If the key of a vendor is not usable, no store is created.`
  static override examples = [
    { description: 'Make a store in ./environments', command: 'esc init' },
    {
      description: 'Make one whose secrets are unlocked by a passphrase',
      command: 'esc init config --secrets-provider passphrase',
    },
  ]
  static override flags = flags
  static override args = { folder: { description: 'folder of the store' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const request = {
      folder: this.positionals[0],
      organization: this.flags.organization,
      secretsProvider: this.flags['secrets-provider'],
    }
    return initChosenStore(request, sessionRequest(this.io, this.flags))
  }

  text({ folder }: Result): string {
    const shown = relative(this.io.cwd, folder) || '.'
    return `Store created: ${shown.startsWith('..') ? folder : shown}\nNext: esc env init <project>/<environment>`
  }
}
