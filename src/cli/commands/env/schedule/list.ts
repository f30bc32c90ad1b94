import { listSchedules, refuseVersion, type ScheduleView } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { EXIT } from '../../../framework/report-error.ts'
import {
  COUNT_FLAG,
  checkCount,
  scheduleJson,
  scheduleTime,
  scheduleWarnings,
} from '../../../framework/schedule-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT, UTC_FLAG } from '../../../framework/shared-flags.ts'
import { tableFor } from '../../../terminal/index.ts'

const flags = { ...COUNT_FLAG, ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvScheduleList extends EscCommand<readonly ScheduleView[], typeof flags> {
  static override id = 'env:schedule:list'
  static override summary = 'List the rotation schedules of an environment.'
  static override description = 'Lists the schedules of an environment: one at most. No key is needed.'
  static override examples = [
    { description: 'When is it rotated next', command: 'esc env schedule list rotators/ci --utc' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly ScheduleView[]> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const most = checkCount(this.flags.count)
    return (await session.perform(listSchedules, reference)).result.slice(0, most)
  }

  text(schedules: readonly ScheduleView[]): string {
    const { utc } = this.flags
    for (const line of schedules.flatMap((view) => scheduleWarnings(view, utc))) this.io.err(`warning: ${line}\n`)
    const rows = schedules.map(({ schedule, timing, next, lastExecuted, overdue, problem }) => [
      schedule.id,
      schedule.kind,
      timing,
      schedule.paused ? 'paused' : `${scheduleTime(next[0], utc)}${overdue === undefined ? '' : ' (overdue)'}`,
      problem === undefined ? scheduleTime(lastExecuted, utc) : 'unknown',
    ])
    return tableFor(this.io, ['id', 'kind', 'schedule', 'next', 'last'], rows, { recorded: true })
  }

  override exitCode(schedules: readonly ScheduleView[]): number {
    return schedules.some(({ problem }) => problem !== undefined) ? EXIT.failed : EXIT.done
  }

  override json(schedules: readonly ScheduleView[]): unknown {
    return { schedules: schedules.map((view) => scheduleJson(view, this.flags.utc)) }
  }
}
