import { pauseSchedule, refuseVersion } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from './command.ts'
import { SCHEDULED } from './schedule-text.ts'
import { openTarget } from './session.ts'

interface Result {
  readonly id: string
  readonly fullName: string
}

/** Pauses a schedule, or has it go on. */
export abstract class PauseCommand extends EscCommand<Result, typeof OUTPUT_FLAG> {
  static override baseFlags = WRITE_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  /** True when it is paused afterwards. */
  protected abstract readonly paused: boolean

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const change = { id: rest[0] as string, paused: this.paused }
    const { id } = (await session.perform(pauseSchedule, reference, change)).result
    return { id, fullName: session.fullName(reference) }
  }

  text({ id, fullName }: Result): string {
    return `${this.paused ? 'Paused' : 'Resumed'} schedule ${id} for ${fullName}`
  }

  override json({ id, fullName }: Result): unknown {
    return { id, environment: fullName }
  }
}
