import { refuseVersion, restoreWorkingDefinition } from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { openTarget } from '../../framework/session.ts'

interface Result {
  readonly environment: string
  readonly discarded: boolean
}

export default class EnvDiscard extends EscCommand<Result, typeof OUTPUT_FLAG> {
  static override id = 'env:discard'
  static override summary = 'Discard unsaved changes to environment.yaml.'
  static override description =
    'Replaces environment.yaml by the newest revision. Changes that you made by hand and did not save are lost.'
  static override examples = [{ description: 'Discard what was edited', command: 'esc env discard app/dev' }]
  static override baseFlags = ENV_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'discard')
    const { result: discarded } = await session.perform(restoreWorkingDefinition, reference)
    return { environment: reference.name, discarded }
  }

  text({ environment, discarded }: Result): string {
    return discarded
      ? `environment.yaml of '${environment}' is the newest revision again.`
      : `Nothing to discard in '${environment}'.`
  }
}
