import { getSchedule, refuseVersion, type ScheduleView } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { count } from '../../../framework/flags.ts'
import { EXIT } from '../../../framework/report-error.ts'
import {
  checkCount,
  SCHEDULED,
  scheduleJson,
  scheduleTime,
  scheduleWarnings,
} from '../../../framework/schedule-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { UTC_FLAG } from '../../../framework/shared-flags.ts'

const flags = { next: count({ description: 'show so many of its next executions' }), ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvScheduleGet extends EscCommand<ScheduleView, typeof flags> {
  static override id = 'env:schedule:get'
  static override summary = 'Show a rotation schedule.'
  static override description = 'Shows a schedule, when it runs next and when it ran last. Needs no key.'
  static override examples = [
    {
      description: 'Show a schedule and its next five executions',
      command: 'esc env schedule get rotators/ci sched-1 --next 5 --utc',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<ScheduleView> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const count = Math.max(1, checkCount(this.flags.next) ?? 1)
    return (await session.perform(getSchedule, reference, { id: rest[0] as string, count })).result
  }

  text(view: ScheduleView): string {
    const { schedule, timing, next, lastExecuted, problem } = view
    const { utc } = this.flags
    for (const line of scheduleWarnings(view, utc)) this.io.err(`warning: ${line}\n`)
    const lines = [
      `ID: ${schedule.id}`,
      `Kind: ${schedule.kind}`,
      `Schedule: ${timing}`,
      ...(schedule.paused ? ['Paused: yes'] : []),
      `Next execution: ${scheduleTime(next[0], utc)}`,
      ...next.slice(1).map((time) => `                ${scheduleTime(time, utc)}`),
      `Last executed: ${problem === undefined ? scheduleTime(lastExecuted, utc) : 'unknown'}`,
    ]
    return lines.join('\n')
  }

  override exitCode({ problem }: ScheduleView): number {
    return problem === undefined ? EXIT.done : EXIT.failed
  }

  override json(view: ScheduleView): unknown {
    const { utc, next } = this.flags
    const times = view.next.map((time) => scheduleTime(time, utc))
    return { ...scheduleJson(view, utc), ...(next === undefined ? {} : { nextExecutions: times }) }
  }
}
