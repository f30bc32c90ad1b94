import { type Tick, tickScheduler } from '../../../scheduler/index.ts'
import { COMMIT_FLAG, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { EXIT } from '../../framework/report-error.ts'
import { runJson, runLine } from '../../framework/run-text.ts'
import { openUnattended } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const flags = { ...COMMIT_FLAG, ...OUTPUT_FLAG }

export default class SchedulerTick extends EscCommand<Tick, typeof flags> {
  static override id = 'scheduler:tick'
  static override summary = 'Run all due rotations once and exit.'
  static override description =
    `Rotates every environment whose schedule is due, retries failed runs whose time has come, and exits. Call it from cron, CI or
Kubernetes: "esc scheduler install" prints the configuration. Runs that were missed are made up for by one run.

Exit code 0: nothing failed, or nothing was due. 1: everything that was due failed, a run is overdue, or an environment cannot be read. 3: some runs failed. The key comes from ESC_KEY,
ESC_PASSPHRASE_FILE or the secrets provider, never from a prompt.`
  static override examples = [
    { description: 'Rotate what is due', command: 'esc scheduler tick' },
    { description: 'The same for a script, committed to git', command: 'esc scheduler tick --commit --output json' },
  ]
  static override flags = flags

  async run(): Promise<Tick> {
    const stop = new AbortController()
    const abort = new AbortController()
    const end = this.io.onInterrupt((signal) => {
      if (abort.signal.aborted) this.io.exit(EXIT.interrupted)
      this.io.err(`Received ${signal}: finishing the step in flight, nothing more is begun. Again to stop at once.\n`)
      stop.abort()
      abort.abort()
    })
    try {
      return await tickScheduler({
        open: openUnattended(this.io, this.flags),
        stop: stop.signal,
        abort: abort.signal,
      })
    } finally {
      end()
    }
  }

  text({ runs, problems, notes, locked, heldBy }: Tick): string {
    for (const note of notes) this.io.err(`warning: ${worded(note)}\n`)
    for (const problem of problems) this.io.err(`warning: ${worded(problem)}\n`)
    for (const { environment, warnings, hint } of runs) {
      for (const warning of warnings) this.io.err(`warning: ${environment}: ${worded(warning)}\n`)
      if (hint !== undefined) this.io.err(`hint: ${environment}: ${worded(hint)}\n`)
    }
    if (locked !== undefined) return `Nothing to do here: ${locked}.`
    if (heldBy !== undefined) return `Nothing to do here: ${heldBy} has the lease.`
    if (runs.length === 0) return problems.length > 0 ? '' : 'Nothing is due.'
    return runs.map(runLine).join('\n')
  }

  override json({ runs, problems, notes, overdue, unreadable, locked, heldBy }: Tick): unknown {
    return {
      runs: runs.map(runJson),
      problems,
      ...(notes.length > 0 && { notes }),
      ...(overdue.length > 0 && {
        overdue: overdue.map(({ environment, due }) => ({ environment, due: due.toISOString() })),
      }),
      ...(unreadable.length > 0 && { unreadable }),
      locked,
      heldBy,
    }
  }

  override exitCode({ runs, problems }: Tick): number {
    if (runs.some(({ result }) => result === 'interrupted')) return EXIT.interrupted
    const bad = runs.filter(({ result }) => result === 'failed' || result === 'partial').length + problems.length
    if (bad === 0) return EXIT.done
    const good = runs.some(({ result }) => result === 'succeeded' || result === 'recovered' || result === 'partial')
    return good ? EXIT.rotatedInPart : EXIT.failed
  }
}
