import { overdueText, scheduledStatus } from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession, openTarget } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const flags = { ...OUTPUT_FLAG }

type Result = Awaited<ReturnType<(typeof scheduledStatus)['run']>>

export default class EnvStatus extends EscCommand<Result, typeof flags> {
  static override id = 'env:status'
  static override summary = 'Show unsaved changes and overdue rotations per environment.'
  static override description =
    `Compares environment.yaml with the newest revision, for one environment or for all, and warns of overdue rotations. No key is needed. If an
environment cannot be read, its error is shown, and the others too. For the whole store, see "esc status".`
  static override examples = [
    { description: 'All environments', command: 'esc env status' },
    { description: 'One, for a script', command: 'esc env status app/dev --output json' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment (default: all)' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    if (this.positionals.length === 0 && this.flags.env === undefined) {
      return (await openSession(this.io, this.flags).perform(scheduledStatus, undefined)).result
    }
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    return (await session.perform(scheduledStatus, undefined, reference)).result
  }

  text({ statuses, problems }: Result): string {
    for (const { name, overdueSince } of statuses) {
      if (overdueSince !== undefined) this.io.err(`warning: ${name}: ${worded(overdueText(overdueSince))}\n`)
    }
    for (const { environment, problem, hint } of problems) {
      this.io.err(`Error: ${environment}: ${problem}\n${hint === undefined ? '' : `hint: ${worded(hint)}\n`}`)
    }
    return statuses.map(({ name, revision, state }) => `${name}  revision ${revision}, ${STATES[state]}\n`).join('')
  }

  override json({ statuses, problems }: Result): unknown {
    const environments = statuses.map(({ overdueSince, ...status }) => ({
      ...status,
      ...(overdueSince && { overdueSince: overdueSince.toISOString() }),
    }))
    return { environments, ...(problems.length > 0 && { problems }) }
  }

  override exitCode({ problems }: Result): number {
    return problems.length > 0 ? EXIT.failed : EXIT.done
  }
}

const STATES = {
  clean: 'saved',
  stale: 'environment.yaml is behind and will be put right by the next change',
  edited: 'edited by hand and not saved: run "esc env save", or "esc env discard"',
} as const
