import { messageOf } from '../errors.ts'
import type { DueEntry, SharedRemote } from '../operations/index.ts'
import { DueQueue, type RunOutcome, runDueSchedule, type Session } from '../operations/index.ts'
import { rich, type Text } from '../rich-text.ts'
import { findings, type Pass } from './findings.ts'

/** At most this many environments are rotated at the same time. */
const runsAtOnce = 4
/**
 * A run that was cut off is recorded first, then what has become due since; no environment
 * asks for more than that.
 */
const stepsAtOnce = 3

export interface SchedulerOptions {
  /**
   * The store as it is now. A new one for each run: what a run has changed is what it commits,
   * where the options of the store say so.
   */
  readonly open: () => Session
  readonly jitterMs: number
  /** The remote where machines agree on who rotates; then each run is committed and pushed. */
  readonly remote?: SharedRemote
  /** Set: nothing new is begun. */
  readonly stop: AbortSignal
  /** Set: rotations under way end after the step in flight. */
  readonly abort: AbortSignal
  /** Hears of each run as it ends. */
  readonly onRun?: (outcome: RunOutcome) => void
}

/** Looks at all schedules of a store and runs what is due. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #queue: DueQueue

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#queue = new DueQueue(options)
  }

  get entries(): readonly DueEntry[] {
    return this.#queue.entries
  }

  /** Returns the time when there is something to do next. */
  get next(): Date | undefined {
    return this.#queue.next()
  }

  /** Once: whatever is due now. Never throws for one environment; the others go on. */
  async pass(): Promise<Pass> {
    const { open, remote } = this.#options
    const problems: Text[] = []
    const due = async () => {
      const session = open()
      const now = session.host.now()
      await this.#queue.refresh(session, now)
      return this.#queue.due(now)
    }
    const runAll = async () => {
      const runs = await this.#runAll(await due(), problems)
      // What comes next has changed with what has run.
      if (runs.length > 0) await due()
      return { runs, ...findings(this.entries, problems) }
    }
    if (remote === undefined) return runAll()
    problems.push(...(await remote.fetch()))
    if ((await due()).length === 0 && !(await remote.hasUnpushed()))
      return { runs: [], ...findings(this.entries, problems) }
    const lease = await remote.acquire()
    if (lease.kind === 'held') return { runs: [], ...findings(this.entries, problems, lease.by), heldBy: lease.by }
    try {
      if (lease.kind === 'none') problems.push(lease.warning)
      // Between looking and taking the lease, another machine may have done it all.
      problems.push(...(await remote.fetch({ fresh: true })), ...(await remote.pushLeftovers()))
      return await runAll()
    } finally {
      if (lease.kind === 'taken') await remote.release()
    }
  }

  async #runAll(names: readonly string[], problems: Text[]): Promise<RunOutcome[]> {
    const { stop, remote } = this.#options
    const outcomes: RunOutcome[] = []
    const waiting = [...names]
    const work = async () => {
      for (let name = waiting.shift(); name !== undefined && !stop.aborted; name = waiting.shift()) {
        outcomes.push(...(await this.#runOne(name, problems)))
      }
    }
    // Commits of one clone's work tree are pushed one after the other.
    const workers = remote === undefined ? runsAtOnce : 1
    await Promise.all(Array.from({ length: Math.min(workers, waiting.length) }, work))
    return outcomes
  }

  async #runOne(name: string, problems: Text[]): Promise<RunOutcome[]> {
    const { abort, remote, onRun } = this.#options
    const outcomes: RunOutcome[] = []
    for (let step = 0; step < stepsAtOnce; step++) {
      try {
        const session = this.#session()
        const reference = session.reference(name)
        const ran = await session.perform(runDueSchedule, reference, undefined, { signal: abort })
        const { commit, result: outcome } = ran
        if (outcome === undefined) break
        outcomes.push(outcome)
        onRun?.(outcome)
        if (commit?.kind === 'failed') problems.push(rich`${name}: ${commit.warning} (${commit.hint})`)
        if (commit?.kind === 'committed' && remote) problems.push(...(await remote.push(name)))
        if (outcome.retryAt) this.#queue.postpone(name, outcome.retryAt)
        if (outcome.result !== 'recovered') break
      } catch (error) {
        problems.push(`${name}: ${messageOf(error)}`)
        break
      } finally {
        this.#queue.forget(name)
      }
      if (remote?.lost) break
    }
    return outcomes
  }

  /**
   * Where machines agree on who rotates, each run is committed whatever the store says, to be
   * pushed; hooks of the git folder run only where a person has asked for commits.
   */
  #session(): Session {
    const { open, remote } = this.#options
    const session = open()
    const { commit } = session.policy
    const committing = { hooks: commit === true, doing: 'esc scheduler' }
    return session.with({ commit: remote === undefined ? commit : true, committing })
  }
}
