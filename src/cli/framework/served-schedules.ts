import { EscError, messageOf } from '../../errors.ts'
import type { Session, SharedJobs } from '../../operations/index.ts'
import type { SchedulerLook } from '../../scheduler/index.ts'
import { worded } from '../terminal/index.ts'
import { runLine } from './run-text.ts'

/** Another scheduler of the store that is at work is waited for, with a look so often. */
const waitsMs = 30_000

interface ServedSchedules {
  /** The jobs that servers of the same store share. `undefined`: this one does all. */
  readonly jobs: SharedJobs | undefined
  /** The store as it is now. */
  readonly open: () => Session
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  readonly say: (line: string) => void
  /** Hears how to ask about the scheduler. */
  readonly look: (look: SchedulerLook) => void
}

/**
 * Looks after the schedules of a store beside a server, until `stop` is set. While another
 * scheduler of the machine does, or when something goes wrong, it tries again: the server goes on.
 */
export async function lookAfterSchedules({ jobs, open, stop, abort, say, look }: ServedSchedules): Promise<void> {
  const { startScheduler, startSharedScheduler } = await import('../../scheduler/index.ts')
  let said = ''
  while (!stop.aborted) {
    try {
      const shared: Omit<Parameters<typeof startScheduler>[0], 'healthEveryMs' | 'pollMs'> = {
        open,
        stop,
        abort,
        look,
        log: (line) => say(`schedules: ${worded(line)}`),
        onRun: (outcome) => {
          say(runLine(outcome))
          for (const warning of outcome.warnings) say(`${outcome.environment}: warning: ${worded(warning)}`)
          if (outcome.hint !== undefined) say(`${outcome.environment}: hint: ${worded(outcome.hint)}`)
        },
        sleep: (ms) => waitOrStop(ms, stop),
      }
      if (jobs !== undefined) await startSharedScheduler({ ...shared, jobs, pollMs: 5_000 })
      else await startScheduler({ ...shared, purpose: 'esc server start', pollMs: 5_000, healthEveryMs: 3_600_000 })
    } catch (error) {
      const locked = error instanceof EscError && error.code === 'locked'
      const line = locked ? `schedules are left to another: ${error.message}` : `schedules: ${messageOf(error)}`
      if (line !== said) say(line)
      said = line
      await waitOrStop(waitsMs, stop)
    }
  }
}

/** Longer would overflow the timer, and fire at once. */
const longestTimeoutMs = 2 ** 31 - 1

/** Resolves after the time, or as soon as `stop` is set. */
export function waitOrStop(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(ms, longestTimeoutMs))
    if (stop.aborted) done()
    else stop.addEventListener('abort', done, { once: true })
  })
}
