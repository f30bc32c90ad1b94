import { createSchedule, lastSchedulerLook, refuseVersion } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { scheduleTime, TIMING_FLAGS } from '../../../framework/schedule-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'

const flags = { ...TIMING_FLAGS, ...OUTPUT_FLAG }

interface Result {
  readonly id: string
  readonly fullName: string
  /** The time when a scheduler last looked after the store on this machine. */
  readonly looked: Date | undefined
}

/** A scheduler that is called once a day may be late. */
const longAgoMs = 36 * 3_600_000

export default class EnvScheduleNew extends EscCommand<Result, typeof flags> {
  static override id = 'env:schedule:new'
  static override summary = 'Create a rotation schedule for an environment.'
  static override description =
    `Creates a schedule that rotates all credentials of an environment: repeatedly with --cron, or once. The scheduler must run: start it with
"esc scheduler start", or call "esc scheduler tick" from cron or CI ("esc scheduler install" prints the configuration).

An environment has at most one schedule. The schedule is sealed with the key of the environment, so that nobody without the key can change
it.`
  static override examples = [
    {
      description: 'Rotate every Monday at half past three in Berlin',
      command: 'esc env schedule new rotators/ci --cron "30 3 * * 1" --timezone Europe/Berlin',
    },
    { description: 'Rotate every week', command: 'esc env schedule new rotators/ci --cron @weekly' },
    { description: 'Rotate once', command: 'esc env schedule new rotators/ci --once 2099-12-31T03:30:00Z' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'schedule')
    const { cron, once, timezone } = this.flags
    const { id } = (await session.perform(createSchedule, reference, { cron, once, timezone })).result
    return {
      id,
      fullName: session.fullName(reference),
      looked: (await session.perform(lastSchedulerLook, undefined)).result,
    }
  }

  text({ id, fullName, looked }: Result): string {
    if (looked === undefined || this.io.now().getTime() - looked.getTime() > longAgoMs) {
      const since = looked === undefined ? '' : ` since ${scheduleTime(looked, true)}`
      this.io.err(
        `note: no scheduler has looked after this store on this machine${since}. Unless one does elsewhere, nothing will be rotated:
  esc scheduler start     runs in the foreground
  esc scheduler tick      runs what is due, for cron or CI
  esc scheduler install   prints a unit for systemd, cron, GitHub Actions or Kubernetes
`,
      )
    }
    return `Created schedule ${id} for ${fullName}`
  }

  override json({ id, fullName }: Result): unknown {
    return { id, environment: fullName }
  }
}
