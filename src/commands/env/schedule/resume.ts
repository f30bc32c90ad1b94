import { fullNameOf, pauseSchedule, refuseVersion } from '../../../workspace/index.ts'
import { EscCommand, WRITE_FLAGS } from '../../framework/command.ts'
import { SCHEDULED } from '../../framework/schedule-text.ts'
import { openTarget } from '../../framework/session.ts'

interface Result {
  readonly id: string
  readonly fullName: string
}

export default class EnvScheduleResume extends EscCommand<Result> {
  static override id = 'env:schedule:resume'
  static override summary = 'Resume a paused environment scheduled action.'
  static override description =
    'Has a paused schedule go on with its next instant. What was due while it was paused is not made up for.'
  static override examples = [
    { description: 'Resume a schedule', command: 'esc env schedule resume rotators/ci sched-1' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Result> {
    const { workspace, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const { id } = await pauseSchedule(workspace, reference, { id: rest[0] as string, paused: false })
    return { id, fullName: fullNameOf(workspace, reference) }
  }

  text({ id, fullName }: Result): string {
    return `Resumed schedule ${id} for ${fullName}`
  }
}
