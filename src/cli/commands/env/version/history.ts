import { history, type RevisionSummary } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { boolean, text } from '../../../framework/flags.ts'
import { revisionBlock, revisionJson } from '../../../framework/revision-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { pageOrWrite } from '../../../terminal/index.ts'

const flags = {
  pager: text({ description: 'the pager to use (default: $PAGER, else less -R -F)', value: 'command' }),
  utc: boolean({ description: 'show times in UTC' }),
  ...OUTPUT_FLAG,
}

export default class EnvVersionHistory extends EscCommand<readonly RevisionSummary[], typeof flags> {
  static override id = 'env:version:history'
  static override summary = 'List the revisions of an environment.'
  static override description =
    `Lists the revisions of an environment, newest first, and the kind of each: an edit, a set value, a rotation with its paths. With a
version, starts at that revision. No key is needed.`
  static override examples = [
    { description: 'Show all revisions', command: 'esc env version history rotators/ci' },
    {
      description: 'From revision 3 back, without a pager',
      command: 'esc env version history rotators/ci@3 --pager cat',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment, with @ and a version if you like', required: true },
  }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly RevisionSummary[]> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    const revisions = (await session.perform(history, reference)).result
    if (this.flags.output === 'text') {
      const shown = revisions
        .map((revision) => `${revisionBlock(revision, { utc: this.flags.utc, change: true })}\n`)
        .join('')
      await pageOrWrite(this.io, shown, this.flags.pager)
    }
    return revisions
  }

  /** Shown by the pager already. */
  text(): undefined {}

  override json(revisions: readonly RevisionSummary[]): unknown {
    return { revisions: revisions.map(revisionJson) }
  }
}
