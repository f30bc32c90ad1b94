import { refuseVersion, type ScheduledRun, scheduleHistory } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { COUNT_FLAG, checkCount, SCHEDULED, scheduleTime } from '../../../framework/schedule-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { UTC_FLAG } from '../../../framework/shared-flags.ts'
import { tableFor } from '../../../terminal/index.ts'

const flags = { ...COUNT_FLAG, ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvScheduleHistory extends EscCommand<readonly ScheduledRun[], typeof flags> {
  static override id = 'env:schedule:history'
  static override summary = 'Show past runs of a rotation schedule.'
  static override description =
    `Shows past runs of a schedule, newest first, with the revision of each run; also for a schedule that was removed. For the result per
path, use "esc env rotate history". No key is needed.`
  static override examples = [
    { description: 'How did the last runs go', command: 'esc env schedule history rotators/ci sched-1 --count 10' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = SCHEDULED
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<readonly ScheduledRun[]> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const most = checkCount(this.flags.count)
    const { result: runs } = await session.perform(scheduleHistory, reference, rest[0] as string)
    return runs.slice(0, most)
  }

  text(runs: readonly ScheduledRun[]): string {
    const rows = runs.map(({ id, executed, version, result }) => [
      id,
      scheduleTime(new Date(executed), this.flags.utc),
      version ?? '-',
      result,
    ])
    return tableFor(this.io, ['id', 'executed', 'version', 'result'], rows, { recorded: true })
  }

  override json(runs: readonly ScheduledRun[]): unknown {
    const { utc } = this.flags
    return {
      events: runs.map(({ executed, completed, due, ...run }) => ({
        ...run,
        due: scheduleTime(new Date(due), utc),
        executed: scheduleTime(new Date(executed), utc),
        completed: scheduleTime(new Date(completed), utc),
      })),
    }
  }
}
