import { fullNameOf, pauseSchedule, refuseVersion } from '../../../workspace/index.ts'
import { EscCommand, WRITE_FLAGS } from '../../framework/command.ts'
import { SCHEDULED } from '../../framework/schedule-text.ts'
import { openTarget } from '../../framework/session.ts'

interface Result {
  readonly id: string
  readonly fullName: string
}

export default class EnvSchedulePause extends EscCommand<Result> {
  static override id = 'env:schedule:pause'
  static override summary = 'Pause an environment scheduled action.'
  static override description =
    'Stops a schedule without removing it: nothing is rotated by the clock until it is resumed.'
  static override examples = [
    { description: 'Pause a schedule', command: 'esc env schedule pause rotators/ci sched-1' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Result> {
    const { workspace, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const { id } = await pauseSchedule(workspace, reference, { id: rest[0] as string, paused: true })
    return { id, fullName: fullNameOf(workspace, reference) }
  }

  text({ id, fullName }: Result): string {
    return `Paused schedule ${id} for ${fullName}`
  }
}
