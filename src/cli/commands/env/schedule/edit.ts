import { editSchedule, refuseVersion } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { SCHEDULED, TIMING_FLAGS } from '../../../framework/schedule-text.ts'
import { openTarget } from '../../../framework/session.ts'

const flags = { ...TIMING_FLAGS, ...OUTPUT_FLAG }

interface Result {
  readonly id: string
  readonly fullName: string
}

export default class EnvScheduleEdit extends EscCommand<Result, typeof flags> {
  static override id = 'env:schedule:edit'
  static override summary = 'Change a rotation schedule.'
  static override description =
    'Changes the time of a rotation schedule. A run that was due but had not begun is dropped.'
  static override examples = [
    {
      description: 'Rotate on the first of each month',
      command: 'esc env schedule edit rotators/ci sched-1 --cron "30 3 1 * *"',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const { cron, once, timezone } = this.flags
    const edit = { id: rest[0] as string, timing: { cron, once, timezone } }
    const { id } = (await session.perform(editSchedule, reference, edit)).result
    return { id, fullName: session.fullName(reference) }
  }

  text({ id, fullName }: Result): string {
    return `Updated schedule ${id} for ${fullName}`
  }

  override json({ id, fullName }: Result): unknown {
    return { id, environment: fullName }
  }
}
