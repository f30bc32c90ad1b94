import { restoreWorkingDefinition } from '../../workspace/index.ts'
import { ENV_FLAGS, EscCommand } from '../framework/command.ts'
import { openTarget } from '../framework/session.ts'

interface Result {
  readonly name: string
  readonly restored: boolean
}

export default class EnvRestore extends EscCommand<Result> {
  static override id = 'env:restore'
  static override summary = 'Discard a hand edit of environment.yaml.'
  static override description =
    'Makes environment.yaml the newest revision again. What was edited by hand and not saved is gone.'
  static override examples = [{ description: 'Discard what was edited', command: 'esc env restore app/dev' }]
  static override baseFlags = ENV_FLAGS
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<Result> {
    const { workspace, reference } = openTarget(this.io, this.flags, this.positionals)
    return { name: reference.name, restored: await restoreWorkingDefinition(workspace, reference) }
  }

  text({ name, restored }: Result): string {
    return restored ? `environment.yaml of '${name}' is the newest revision again.` : `Nothing to discard in '${name}'.`
  }
}
