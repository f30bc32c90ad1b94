import { refuseVersion, removeSchedule } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { boolean } from '../../../framework/flags.ts'
import { SCHEDULED } from '../../../framework/schedule-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { confirm } from '../../../terminal/index.ts'

const flags = { yes: boolean({ description: 'remove it without asking', char: 'y' }), ...OUTPUT_FLAG }

interface Result {
  readonly id: string
  readonly fullName: string
}

export default class EnvScheduleRemove extends EscCommand<Result, typeof flags> {
  static override id = 'env:schedule:remove'
  static override summary = 'Remove a rotation schedule.'
  static override description =
    'Removes a schedule. From then on, the environment is rotated only by hand. The history of its runs stays.'
  static override examples = [
    {
      description: 'Remove a schedule, without being asked',
      command: 'esc env schedule remove rotators/ci sched-1 --yes',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const id = rest[0] as string
    const fullName = session.fullName(reference)
    await session.perform(removeSchedule, reference, {
      id,
      confirm: async () => {
        if (this.flags.yes) return
        await confirm(this.io, `This will permanently remove schedule "${id}" from ${fullName}!`, 'remove')
      },
    })
    return { id, fullName }
  }

  text({ id, fullName }: Result): string {
    return `Removed schedule ${id} from ${fullName}`
  }

  override json({ id, fullName }: Result): unknown {
    return { id, environment: fullName }
  }
}
