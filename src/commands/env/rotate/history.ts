import { table } from '../../../terminal/index.ts'
import { type RotationEvent, rotationHistory } from '../../../workspace/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { formatTime } from '../../framework/revision-text.ts'
import { openTarget } from '../../framework/session.ts'
import { PAGER_FLAG } from '../../framework/shared-flags.ts'

const flags = {
  utc: boolean({ description: 'show times in UTC' }),
  ...PAGER_FLAG,
  ...OUTPUT_FLAG,
}

export default class EnvRotateHistory extends EscCommand<readonly RotationEvent[], typeof flags> {
  static override id = 'env:rotate:history'
  static override paged = true
  static override summary = 'Show the rotations of an environment.'
  static override description =
    `Shows every rotation that changed something, newest first: when, by whom, which paths, which revision came of it.
Needs no key: the history holds no secret.`
  static override examples = [
    { description: 'Show the rotations of an environment', command: 'esc env rotate history rotators/ci' },
    { description: 'The same for a script', command: 'esc env rotate history rotators/ci --output json' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly RotationEvent[]> {
    const { workspace, reference } = openTarget(this.io, this.flags, this.positionals)
    return rotationHistory(workspace, reference)
  }

  text(events: readonly RotationEvent[]): string {
    const rows = events.map(({ completed, status, rotations, userID, preRotationRevision, postRotationRevision }) => [
      formatTime(new Date(completed), this.flags.utc),
      status,
      `${preRotationRevision} → ${postRotationRevision ?? '-'}`,
      rotations
        .map(({ environmentPath, status }) => (status === 'failed' ? `${environmentPath} (failed)` : environmentPath))
        .join(', '),
      userID,
    ])
    return table(['completed', 'status', 'revision', 'paths', 'by'], rows)
  }

  override json(events: readonly RotationEvent[]): unknown {
    return { events }
  }
}
