import { listEnvironments } from '../../workspace/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { text } from '../framework/flags.ts'
import { openSession } from '../framework/session.ts'

const flags = {
  organization: text({ description: 'only if this is the label of the store', char: 'o', value: 'name' }),
  project: text({ description: 'only the environments of this project', char: 'p', value: 'name' }),
  ...OUTPUT_FLAG,
}

interface Result {
  readonly environments: readonly string[]
}

export default class EnvLs extends EscCommand<Result, typeof flags> {
  static override id = 'env:ls'
  static override summary = 'List environments.'
  static override description = 'Lists the environments of the store, one a line, sorted by name.'
  static override examples = [
    { description: 'List everything', command: 'esc env ls' },
    { description: 'List one project, for a script', command: 'esc env ls --project rotators --output json' },
  ]
  static override flags = flags

  async run(): Promise<Result> {
    const workspace = openSession(this.io, this.flags)
    const { organization, project } = this.flags
    return { environments: listEnvironments(workspace, { organization, project }) }
  }

  text({ environments }: Result): string {
    return environments.map((name) => `${name}\n`).join('')
  }
}
