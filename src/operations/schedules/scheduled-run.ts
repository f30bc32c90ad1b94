import { randomBytes } from 'node:crypto'
import { EscError, hintOf, messageOf } from '../../errors.ts'
import type { Text } from '../../rich-text.ts'
import { CooldownError, decodeJournalEntry, type RotationReport } from '../../rotation/index.ts'
import { nextStep, type Schedule, type ScheduledRun, type ScheduleStep } from '../../schedule/index.ts'
import { type Environment, layout, neededOfEnvironment } from '../../store/index.ts'
import { isAhead, readTimestamp } from '../../timestamp.ts'
import { parsePropertyPath } from '../../yaml/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { type RotateOptions, rotateEnvironment } from '../rotating/rotate.ts'
import { operation, type Work } from '../session/operation.ts'
import { scheduleOf } from './schedules.ts'
import { type KnownRuns, knownRuns } from './sealed-runs.ts'

/** The outcome of one due step. */
export interface RunOutcome {
  readonly environment: string
  readonly schedule: string
  readonly due: Date
  readonly attempt: number
  readonly missed: number
  /**
   * `recovered`: it had run and been saved before, by a process that was cut off; only its record
   * was missing. `deferred`: nothing is wrong, it runs a little later. `interrupted`: told to stop;
   * it runs, or goes on, at the next start.
   */
  readonly result: 'succeeded' | 'partial' | 'failed' | 'recovered' | 'deferred' | 'interrupted'
  readonly revision?: number
  /** Paths that failed, with the reason. */
  readonly failed: readonly { readonly path: string; readonly error: string }[]
  readonly error?: string
  readonly hint?: Text
  /** When it is tried again, or for the first time where it was deferred. */
  readonly retryAt?: Date
  readonly warnings: readonly Text[]
}

/** The schedule of an environment and what it asks for next. Undefined: it has none. */
export async function stepOf(
  environment: Environment,
  now: Date,
): Promise<
  { readonly schedule: Schedule; readonly step: ScheduleStep | undefined; readonly known: KnownRuns } | undefined
> {
  const schedule = scheduleOf(environment)
  if (schedule === undefined) return undefined
  const known = knownRuns(environment, schedule, now)
  return { schedule, known, step: await nextStep(schedule, known.runs, now) }
}

/**
 * Runs what is due in one environment, and records that it ran. Whether that has run is told by
 * `events/schedules.jsonl` or, where a process was killed between saving the new credentials and
 * writing that line, by the revision itself, which carries the schedule, its instant and the
 * attempt. A process killed earlier has saved nothing: the rotation begins again, and first
 * reconciles what the journal holds.
 *
 * In a folder, the caller holds the scheduler's lock, so that nobody else on this machine does the
 * same. In a database, the schedule of the environment is locked, and a row tells that it has run:
 * whoever comes late finds nothing due. The result is `undefined` when nothing is due any more.
 * What is needed is what a rotation needs.
 */
export const runDueSchedule = operation({
  name: 'run-due-schedule',
  level: undefined,
  audit: 'environment-rotated',
  changes: true,
  async run(work): Promise<RunOutcome | undefined> {
    if (work.store.kind === 'folder') return runDue(work)
    const lock = await work.store.environment(work.subject.name).lockSchedule('run a schedule')
    try {
      return await runDue(work)
    } finally {
      lock.release()
    }
  },
})

async function runDue(work: Work<EnvironmentReference>): Promise<RunOutcome | undefined> {
  const environment = work.store.environment(work.subject.name)
  const now = work.host.now()
  const found = await stepOf(environment, now)
  if (found?.step === undefined || found.step.at > now) return undefined
  const { schedule, step } = found
  const run = new DueRun({ work, environment, schedule, step, now })
  return (await run.recover()) ?? run.rotate()
}

/** Ends a run that another process has done since it was found due. */
class RanElsewhere extends Error {}

interface DueRunContext {
  readonly work: Work<EnvironmentReference>
  readonly environment: Environment
  readonly schedule: Schedule
  readonly step: ScheduleStep
  readonly now: Date
}

class DueRun {
  readonly #context: DueRunContext

  constructor(context: DueRunContext) {
    this.#context = context
  }

  /**
   * Returns `undefined` when another process has done it meanwhile.
   * @param tries 1, or more where the ones before have only finished what was cut off.
   */
  async rotate(tries = 1): Promise<RunOutcome | undefined> {
    const { work, schedule, step } = this.#context
    let report: RotationReport
    try {
      await this.#finishEarlier()
      report = await this.#rotate({
        paths: (step.paths ?? []).map(parsePropertyPath),
        mode: step.paths === undefined ? 'rotate' : 'failed',
        cause: { schedule: schedule.id, due: step.due.toISOString(), attempt: step.attempt },
        locked: () => this.#requireDue(),
      })
    } catch (error) {
      if (error instanceof RanElsewhere) return undefined
      return this.#notBegun(error)
    }
    const failed = report.paths.flatMap(({ path, status, error = 'failed' }) =>
      status === 'succeeded' ? [] : [{ path, error }],
    )
    const { revision } = report
    // Another process has taken the lock over and done it, as when this one was stopped for long.
    if (revision === undefined && (await this.#ranElsewhere())) return undefined
    // What another one had saved. A success that no revision shows would not be believed.
    const onlyFinished = revision === undefined && failed.length === 0 && report.paths.length > 0
    // More than once where the database could not be told that it is finished.
    if (onlyFinished && tries < 3) return this.rotate(tries + 1)
    if (onlyFinished) {
      const error = 'only what was begun before could be finished'
      return this.#record('failed', { revision, failed, warnings: report.warnings, error })
    }
    const result =
      failed.length === 0
        ? 'succeeded'
        : failed.length < report.paths.length && revision !== undefined
          ? 'partial'
          : 'failed'
    const found = { revision, failed, warnings: report.warnings }
    // Nothing was saved, so nothing has run: the next start begins it again.
    if (work.signal.aborted && result !== 'succeeded' && revision === undefined)
      return this.#outcome('interrupted', found)
    const error = failed.map(({ path, error }) => `${path}: ${error}`).join('; ')
    return this.#record(result, { ...found, ...(error && { error }) })
  }

  /**
   * The newest revision of this schedule is one that has no record: its run was cut off. What it
   * says of itself becomes the record. `undefined` when there is none.
   */
  async recover(): Promise<RunOutcome | undefined> {
    const { work, environment, schedule, now } = this.#context
    const { runs } = knownRuns(environment, schedule, now)
    const revision = newestOfSchedule(environment, this.#context)
    if (revision === undefined) return undefined
    const { due = '', attempt: text = '1', failed: failedText } = revision.details
    const attempt = Number(text)
    if (runs.some((run) => run.schedule === schedule.id && run.due === due && run.attempt === attempt)) return undefined
    const failed = failedText === undefined ? [] : (JSON.parse(failedText) as string[])
    // Made by a clock that was ahead: a line with that time would not be believed.
    const executed = (revision.created > now ? now : revision.created).toISOString()
    const result = failed.length === 0 ? 'succeeded' : 'partial'
    await this.#appendOnce({
      due,
      attempt,
      executed,
      completed: executed,
      result,
      version: revision.number,
      ...(failed.length > 0 && { failed }),
      recovered: true,
    })
    // What the run had still to clear away would pass for the next run otherwise.
    if (environment.journal().ids().length > 0) await this.#resume().catch(() => {})
    const { folder } = environment
    const edited = environment.definitionState() === 'edited'
    work.commitAlso(neededOfEnvironment(folder).filter((path) => !edited || path !== layout.definition(folder)))
    return {
      ...this.#outcome('recovered', {
        revision: revision.number,
        failed: failed.map((path) => ({ path, error: 'the run was cut off before it said why' })),
        warnings: [],
      }),
      due: new Date(due),
      attempt,
      missed: 0,
    }
  }

  /**
   * A rotation that was cut off before this instant is not the one that is due: it is finished by
   * itself. One that was begun after it is, and the run goes on with it.
   */
  async #finishEarlier(): Promise<void> {
    const { environment, step } = this.#context
    if (environment.journal().ids().length === 0) return
    const records = await environment.journal().list()
    const earlier = records.some(({ content }) => {
      const { pending, startedAt } = decodeJournalEntry(content)
      return pending !== undefined && new Date(startedAt) < step.due
    })
    if (earlier) await this.#resume()
  }

  /**
   * Asked once nobody else can rotate: between looking and locking, another process may have run
   * what was due.
   */
  async #requireDue(): Promise<void> {
    if (await this.#ranElsewhere()) throw new RanElsewhere('the run was done by another process')
  }

  async #ranElsewhere(): Promise<boolean> {
    const { work, environment, schedule, step, now } = this.#context
    if (work.store.kind === 'folder') return false
    await work.store.refresh()
    const { runs, sealed } = knownRuns(environment, schedule, now)
    const dueMs = step.due.getTime()
    if (sealed !== undefined && sealed.due.getTime() === dueMs && sealed.attempts.has(step.attempt)) return true
    if (sealed !== undefined && sealed.due.getTime() > dueMs) return true
    return runs.some(
      ({ schedule: id, due, attempt }) => id === schedule.id && Date.parse(due) === dueMs && attempt >= step.attempt,
    )
  }

  async #resume(): Promise<void> {
    await this.#rotate({ paths: [], mode: 'resume' })
  }

  async #rotate(options: Omit<RotateOptions, 'onProgress'>): Promise<RotationReport> {
    const { work } = this.#context
    return work.perform(rotateEnvironment, work.subject, { ...options, onProgress: () => {} })
  }

  async #notBegun(error: unknown): Promise<RunOutcome> {
    const { now } = this.#context
    const hint = hintOf(error)
    const found = { failed: [], warnings: [], error: messageOf(error), ...(hint === undefined ? {} : { hint }) }
    // Rotated by hand a moment ago: rotating again would end what consumers still hold. A
    // little later it will not.
    if (error instanceof CooldownError) return this.#outcome('deferred', { ...found, retryAt: error.until })
    if (error instanceof EscError && error.code === 'locked') {
      return this.#outcome('deferred', { ...found, retryAt: new Date(now.getTime() + 60_000) })
    }
    if (error instanceof EscError && error.code === 'interrupted') return this.#outcome('interrupted', found)
    // Who may not rotate may not write into the environment's history either.
    if (error instanceof EscError && error.code === 'forbidden') {
      return this.#outcome('failed', { ...found, retryAt: new Date(now.getTime() + 5 * 60_000) })
    }
    return this.#record('failed', found)
  }

  async #record(
    result: ScheduledRun['result'],
    found: Omit<RunOutcome, 'environment' | 'schedule' | 'due' | 'attempt' | 'missed' | 'result' | 'retryAt'>,
  ): Promise<RunOutcome> {
    const { work, environment, schedule, step, now } = this.#context
    const { revision, failed, error, warnings } = found
    try {
      await this.#appendOnce({
        due: step.due.toISOString(),
        attempt: step.attempt,
        executed: now.toISOString(),
        completed: work.host.now().toISOString(),
        result,
        version: revision,
        ...(failed.length > 0 && { failed: failed.map(({ path }) => path) }),
        ...(error && { error }),
        ...(step.missed > 0 && { missed: step.missed }),
      })
    } catch (failure) {
      return this.#outcome(result, {
        ...found,
        warnings: [...warnings, `the run is not recorded in its history: ${messageOf(failure)}`],
      })
    }
    if (result === 'succeeded') return this.#outcome(result, found)
    const next = await nextStep(schedule, knownRuns(environment, schedule, now).runs, now)
    return this.#outcome(result, { ...found, ...(next && { retryAt: next.at }) })
  }

  /** Records the run, unless another process has. */
  async #appendOnce(run: Omit<ScheduledRun, 'id' | 'schedule'>): Promise<void> {
    const { environment, schedule } = this.#context
    const id = `evt-${randomBytes(4).toString('hex')}`
    const line = { id, schedule: schedule.id, ...run }
    const part = run.result === 'failed' ? 'failed' : 'recorded'
    await environment.events.append('schedules', line, { ...line, part }).catch((error) => {
      if (!(error instanceof EscError && error.code === 'already_exists')) throw error
    })
  }

  #outcome(
    result: RunOutcome['result'],
    found: Omit<RunOutcome, 'environment' | 'schedule' | 'due' | 'attempt' | 'missed' | 'result'>,
  ): RunOutcome {
    const { environment, schedule, step } = this.#context
    const { due, attempt, missed } = step
    return { environment: environment.name, schedule: schedule.id, due, attempt, missed, result, ...found }
  }
}

/**
 * Revisions older than what is due cannot be of its run; clocks of machines
 * may differ by this much.
 */
const skewMs = 24 * 3_600_000

function newestOfSchedule(environment: Environment, { schedule, step, now }: DueRunContext) {
  for (const revision of environment.history()) {
    if (revision.created.getTime() < step.due.getTime() - skewMs) return undefined
    const due = revision.details.schedule === schedule.id ? readTimestamp(revision.details.due) : undefined
    // An instant that has not come was run by a clock that was ahead; its turn comes.
    if (due !== undefined && !isAhead(due, now)) return revision
  }
  return undefined
}
