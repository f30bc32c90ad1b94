import { removeRevisionTag } from '../../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../../framework/command.ts'
import { openTarget } from '../../../../framework/session.ts'

interface Result {
  readonly environment: string
  /** The tag. */
  readonly removed: string
}

export default class EnvVersionTagRm extends EscCommand<Result, typeof OUTPUT_FLAG> {
  static override id = 'env:version:tag:rm'
  static override summary = 'Remove a revision tag.'
  static override description = 'Removes a revision tag. The revision stays.'
  static override examples = [{ description: 'Remove a tag', command: 'esc env version tag rm rotators/ci@stable' }]
  static override baseFlags = WRITE_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { environment: { description: 'the environment, with @ and the tag', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    await session.perform(removeRevisionTag, reference)
    return { environment: reference.name, removed: reference.version ?? '' }
  }

  text(): undefined {}
}
