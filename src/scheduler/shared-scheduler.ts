import { EscError, messageOf } from '../errors.ts'
import {
  DueQueue,
  noteSchedulerLook,
  type RunOutcome,
  rotateEnvironment,
  runDueSchedule,
  type Session,
  type SharedJob,
  type SharedJobs,
  schedulerSettings,
  unfinishedRotations,
} from '../operations/index.ts'
import type { Text } from '../rich-text.ts'
import { findings } from './findings.ts'
import { illnessOf } from './health.ts'
import { Metrics } from './metrics.ts'
import type { RunSchedulerOptions } from './run-scheduler.ts'

/** Jobs are added this long before they are due. */
const aheadMs = 60_000
/** A job that is still due is added again after this: whoever had it may be gone. */
const againMs = 60_000
/** A journal that holds something for longer is of a process that died: its lease is over. */
const abandonedMs = 35_000
/** The pause before another try to finish a rotation grows up to this. */
const longestPauseMs = 60 * 60_000
/** A job that somebody else is at is looked at again after this. */
const busyMs = 5_000
/** At most this many environments are rotated at the same time by one process. */
const jobsAtOnce = 4
/** A run that was cut off is recorded first, then what has become due since. */
const stepsAtOnce = 3
/** So long without a look that ended, something hangs. */
const hangsMs = 15 * 60_000

/** The options of a scheduler that shares its work with other processes. */
export type SharedSchedulerOptions = Omit<RunSchedulerOptions, 'metrics' | 'healthEveryMs' | 'purpose'> & {
  readonly jobs: SharedJobs
}

interface Abandoned {
  readonly sinceMs: number
  readonly nextMs: number
  readonly tries: number
}

/**
 * Looks after the schedules of a store, and after rotations that were cut off, together with other
 * processes: each of them looks at what is due and adds a job for it, and one of them performs it.
 * Returns when `stop` is set and the jobs under way have ended.
 * @throws EscError `io` when the jobs cannot be reached.
 */
export async function startSharedScheduler(options: SharedSchedulerOptions): Promise<void> {
  await new SharedScheduler(options).run()
}

class SharedScheduler {
  readonly #options: SharedSchedulerOptions
  readonly #now: () => Date
  readonly #metrics: Metrics
  readonly #added = new Map<string, number>()
  readonly #abandoned = new Map<string, Abandoned>()
  #queue: DueQueue | undefined
  #configuration = ''
  #aliveMs: number
  #said = new Set<string>()
  #illness: string | undefined
  #problems: Text[] = []
  /** Ends the pause before the next look. */
  #wake = new AbortController()

  constructor(options: SharedSchedulerOptions) {
    this.#options = options
    this.#now = options.open().host.now
    this.#metrics = new Metrics(this.#now())
    this.#aliveMs = this.#now().getTime()
  }

  async run(): Promise<void> {
    const { jobs, look, stop, pollMs } = this.#options
    await jobs.start({
      atOnce: jobsAtOnce,
      perform: (job) => this.#perform(job),
      failed: (error) => this.#say([`jobs: ${messageOf(error)}`]),
    })
    look?.({ metrics: () => this.#metricsText() })
    try {
      while (!stop.aborted) {
        await this.#look()
        if (!stop.aborted) await this.#pause(pollMs)
      }
    } finally {
      await jobs.stop()
    }
  }

  /** Adds a job for all that is due, or is soon. */
  async #look(): Promise<void> {
    const { open, jobs } = this.#options
    const problems = this.#problems.splice(0)
    try {
      const session = open()
      // Reads what others have changed, too.
      const unfinished = (await session.perform(unfinishedRotations, undefined)).result
      const queue = await this.#dueQueue(session)
      const now = this.#now()
      await queue.refresh(session, now)
      await jobs.add([...this.#due(queue, now), ...this.#cutOff(unfinished, now.getTime())])
      await session.perform(noteSchedulerLook, undefined)
      this.#aliveMs = now.getTime()
      const found = findings(queue.entries, problems)
      this.#illness = illnessOf({ ...found, runs: [] })
      this.#say([...found.notes, ...found.problems])
    } catch (error) {
      this.#illness = messageOf(error)
      this.#say([...problems, messageOf(error)])
    }
  }

  /** The settings of the scheduler may have changed. */
  async #dueQueue(session: Session): Promise<DueQueue> {
    const settings = (await session.perform(schedulerSettings, undefined)).result
    const configuration = JSON.stringify(settings)
    if (this.#queue === undefined || configuration !== this.#configuration) this.#queue = new DueQueue(settings)
    this.#configuration = configuration
    return this.#queue
  }

  #due(queue: DueQueue, now: Date): SharedJob[] {
    const nowMs = now.getTime()
    for (const [key, atMs] of this.#added) if (nowMs - atMs >= againMs) this.#added.delete(key)
    return queue.entries.flatMap(({ environment, at }): SharedJob[] => {
      if (at === undefined || at.getTime() > nowMs + aheadMs) return []
      const key = keyOf(environment, at)
      if (this.#added.has(key)) return []
      // What is not due yet waits in the queue until it is.
      this.#added.set(key, Math.max(nowMs, at.getTime()))
      return [{ key, environment, at }]
    })
  }

  /** A rotation that is under way has a journal, too: what is left of it for long is nobody's. */
  #cutOff(unfinished: readonly string[], nowMs: number): SharedJob[] {
    for (const name of this.#abandoned.keys()) if (!unfinished.includes(name)) this.#abandoned.delete(name)
    return unfinished.flatMap((environment): SharedJob[] => {
      const known = this.#abandoned.get(environment)
      if (known === undefined) {
        this.#abandoned.set(environment, { sinceMs: nowMs, nextMs: nowMs + abandonedMs, tries: 0 })
        return []
      }
      if (known.nextMs > nowMs) return []
      const pauseMs = Math.min(againMs * 2 ** known.tries, longestPauseMs)
      this.#abandoned.set(environment, { ...known, nextMs: nowMs + pauseMs, tries: known.tries + 1 })
      return [{ key: `${environment} ${cutOffMark}`, environment, at: new Date(nowMs) }]
    })
  }

  /** Performs a job: whatever is due in an environment, or else what is left in its journal. */
  async #perform({ key, environment }: Pick<SharedJob, 'key' | 'environment'>): Promise<void> {
    const { stop, jobs } = this.#options
    // Somebody else is to begin it.
    if (stop.aborted) throw new EscError('interrupted', 'the server is shutting down')
    try {
      const ran = await this.#runDue(key, environment)
      if (!ran && key.endsWith(cutOffMark)) await this.#finish(environment)
    } catch (error) {
      if (error instanceof EscError && error.code === 'not_found') return
      if (error instanceof EscError && error.code === 'locked') {
        await jobs.add([{ key, environment, at: new Date(this.#now().getTime() + busyMs) }])
        return
      }
      if (!(error instanceof EscError && error.code === 'interrupted')) this.#report(environment, error)
      throw error
    } finally {
      this.#queue?.forget(environment)
      this.#wake.abort()
    }
  }

  /** Returns true when something was due. */
  async #runDue(key: string, environment: string): Promise<boolean> {
    const { open, abort, onRun, jobs } = this.#options
    let ran = false
    for (let step = 0; step < stepsAtOnce; step++) {
      const session = open()
      const reference = session.reference(environment)
      const { result } = await session.perform(runDueSchedule, reference, undefined, { signal: abort })
      if (result === undefined) break
      ran = true
      this.#metrics.count(result, this.#now())
      onRun(result)
      if (result.retryAt !== undefined) this.#queue?.postpone(environment, result.retryAt)
      if (isCutShort(result)) throw new EscError('interrupted', 'the server is shutting down')
      if (result.result === 'deferred' && result.retryAt !== undefined) {
        await jobs.add([{ key, environment, at: result.retryAt }])
      }
      if (result.result !== 'recovered') break
    }
    return ran
  }

  /** Finishes a rotation that was cut off: what works is saved, what does not is removed. */
  async #finish(environment: string): Promise<void> {
    const { open, abort } = this.#options
    const session = open()
    if (!(await session.perform(unfinishedRotations, undefined)).result.includes(environment)) return
    const input = { paths: [], mode: 'resume', onProgress: () => {} } as const
    const reference = session.reference(environment)
    const { result } = await session.perform(rotateEnvironment, reference, input, { signal: abort })
    const failed = result.paths.filter(({ status }) => status !== 'succeeded')
    const lines = failed.map(
      ({ path, error }) => `${environment}: ${path}: the rotation stays unfinished: ${error ?? ''}`,
    )
    for (const line of failed.length === 0 ? [`${environment}: finished the rotation that was cut off`] : lines) {
      this.#options.log(line)
    }
  }

  #report(environment: string, error: unknown): void {
    this.#problems.push(`${environment}: ${messageOf(error)}`)
  }

  /** Says what was not said after the look before. */
  #say(lines: readonly Text[]): void {
    for (const line of lines) if (!this.#said.has(String(line))) this.#options.log(line)
    this.#said = new Set(lines.map(String))
  }

  async #pause(pollMs: number): Promise<void> {
    const { sleep, stop } = this.#options
    if (!this.#wake.signal.aborted) {
      const woken = new Promise<void>((resolve) =>
        this.#wake.signal.addEventListener('abort', () => resolve(), { once: true }),
      )
      await Promise.race([sleep(pollMs), woken])
    }
    if (!stop.aborted) this.#wake = new AbortController()
  }

  #metricsText(): string {
    const now = this.#now()
    const hangs = now.getTime() - this.#aliveMs >= hangsMs
    return this.#metrics.text({
      entries: this.#queue?.entries ?? [],
      now,
      healthy: !hangs && this.#illness === undefined,
    })
  }
}

const cutOffMark = 'journal'

/** The same in all processes, so that they add one job. */
function keyOf(environment: string, at: Date): string {
  return `${environment} ${at.toISOString()}`
}

function isCutShort({ result }: RunOutcome): boolean {
  return result === 'interrupted'
}
