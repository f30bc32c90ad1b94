import { type ListedEnvironments, listEnvironments } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { text } from '../../framework/flags.ts'
import { openSession } from '../../framework/session.ts'

const flags = {
  organization: text({ description: 'only if this is the label of the store', char: 'o', value: 'name' }),
  project: text({ description: 'only the environments of this project', char: 'p', value: 'name' }),
  ...OUTPUT_FLAG,
}

export default class EnvLs extends EscCommand<ListedEnvironments, typeof flags> {
  static override id = 'env:ls'
  static override summary = 'List environments.'
  static override description =
    'Lists the environments of the store by name, one per line. Also tells how many are hidden by the access rules.'
  static override examples = [
    { description: 'List everything', command: 'esc env ls' },
    { description: 'List one project, for a script', command: 'esc env ls --project rotators --output json' },
  ]
  static override flags = flags

  async run(): Promise<ListedEnvironments> {
    const session = openSession(this.io, this.flags)
    const { organization, project } = this.flags
    const { result: listed } = await session.perform(listEnvironments, undefined, { organization, project })
    if (listed.hidden > 0) {
      const [noun, verb] = listed.hidden === 1 ? ['environment', 'is'] : ['environments', 'are']
      const who = session.principal().name
      this.io.err(`note: ${listed.hidden} more ${noun} ${verb} hidden: the access rules do not let '${who}' see them\n`)
    }
    return listed
  }

  text({ environments }: ListedEnvironments): string {
    return environments.map((name) => `${name}\n`).join('')
  }

  override json({ environments, hidden }: ListedEnvironments): unknown {
    return { environments, ...(hidden > 0 && { hidden }) }
  }
}
