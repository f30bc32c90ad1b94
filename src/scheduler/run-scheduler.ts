import { EscError, hintOf, messageOf } from '../errors.ts'
import {
  claimScheduler,
  deliverWebhooks,
  noteSchedulerLook,
  type RunOutcome,
  type Session,
  SharedRemote,
  schedulerSettings,
} from '../operations/index.ts'
import { rich, type Text } from '../rich-text.ts'
import type { Pass } from './findings.ts'
import { illnessOf } from './health.ts'
import { Metrics } from './metrics.ts'
import { type MetricsAddress, type MetricsServer, serveMetrics } from './metrics-server.ts'
import { Scheduler } from './scheduler.ts'

/** The options of `tick` and `start` alike. */
export interface ScheduleOptions {
  /** The store as it is now; called often. */
  readonly open: () => Session
  /** Set: nothing new is begun. */
  readonly stop: AbortSignal
  /** Set: rotations under way end after the step in flight. */
  readonly abort: AbortSignal
}

/** `locked`: another scheduler of this store is at work on this machine, and says so. */
export interface Tick extends Pass {
  readonly locked?: string
}

/** Runs what is due, once. Jitter is left out: who calls this has chosen the moment. */
export async function tickScheduler(options: ScheduleOptions): Promise<Tick> {
  const session = options.open()
  let lock: { release(): void }
  try {
    lock = (await session.perform(claimScheduler, undefined, 'esc scheduler tick')).result
  } catch (error) {
    if (!(error instanceof EscError) || error.code !== 'locked') throw error
    return { runs: [], problems: [], notes: [], overdue: [], unreadable: [], locked: error.message }
  }
  try {
    const { lease } = (await session.perform(schedulerSettings, undefined)).result
    const remote = lease && (await SharedRemote.connect(options.open, lease))
    const pass = await new Scheduler({ ...options, jitterMs: 0, remote }).pass()
    const after = options.open()
    await after.perform(noteSchedulerLook, undefined)
    // Whoever calls this, such as a job in a container, may leave nothing
    // running that could do it later.
    if (after.hasDueDeliveries) {
      // What was rotated is rotated, whatever becomes of telling others.
      await after
        .perform(deliverWebhooks, undefined, {}, { signal: options.stop })
        .catch((error) => after.host.notify({ kind: 'deliveries-failed', reason: messageOf(error) }))
    }
    return pass
  } finally {
    lock.release()
  }
}

export interface RunSchedulerOptions extends ScheduleOptions {
  /** At least so often everything is looked at again, in milliseconds: edits, new environments. */
  readonly pollMs: number
  /** The time between two lines that all is well. */
  readonly healthEveryMs: number
  readonly metrics?: MetricsAddress
  /** The command, for whoever else would start a scheduler. Default: `esc scheduler start`. */
  readonly purpose?: string
  /** Hears how to ask about the scheduler, where another server tells of it. */
  readonly look?: (look: SchedulerLook) => void
  /** One line for people, without a line break. */
  readonly log: (line: Text) => void
  readonly onRun: (outcome: RunOutcome) => void
  /** Resolves after the time, or as soon as `stop` is set. */
  readonly sleep: (ms: number) => Promise<void>
  /** Resident memory. Absent: the metrics of the process come from elsewhere. */
  readonly rssBytes?: () => number
}

/** The questions that a scheduler answers while it runs. */
export interface SchedulerLook {
  /** Prometheus text, format 0.0.4. */
  readonly metrics: () => string
}

/**
 * Looks after the schedules of a store until `stop` is set; then a rotation
 * under way is finished first.
 * @throws EscError `locked` when another scheduler of this store runs on this machine.
 */
export async function startScheduler(options: RunSchedulerOptions): Promise<void> {
  const { purpose = 'esc scheduler start' } = options
  const { result: lock } = await options.open().perform(claimScheduler, undefined, purpose)
  let server: MetricsServer | undefined
  try {
    const daemon = new Daemon(options)
    await daemon.prepare()
    options.look?.({ metrics: () => daemon.metricsText() })
    if (options.metrics) {
      server = await serveMetrics(options.metrics, {
        metrics: () => daemon.metricsText(),
        illness: () => daemon.illness(),
      })
      options.log(`metrics at ${server.url}/metrics`)
    }
    await daemon.loop()
  } finally {
    await server?.close()
    lock.release()
  }
}

/** So long without a pass that ended, something hangs. */
const hangsMs = 15 * 60_000

class Daemon {
  readonly #options: RunSchedulerOptions
  readonly #metrics: Metrics
  /**
   * Kept, because a store that cannot be opened just now, in the middle of
   * a merge, must not end us.
   */
  readonly #now: () => Date
  #scheduler: Scheduler | undefined
  #configuration = ''
  #aliveMs: number
  #healthMs = Number.NEGATIVE_INFINITY
  #said = new Set<string>()
  /** The reason why all was not well at the end of the last pass. Undefined: it was. */
  #illness: string | undefined
  /** While something is being sent to webhooks. */
  #delivering: Promise<void> | undefined

  constructor(options: RunSchedulerOptions) {
    this.#options = options
    this.#now = options.open().host.now
    this.#metrics = new Metrics(this.#now())
    this.#aliveMs = this.#now().getTime()
  }

  /** Reads the settings of the scheduler; again whenever `esc.yaml` has changed. */
  async prepare(): Promise<Scheduler> {
    const { open, onRun } = this.#options
    const session = open()
    const { now } = session.host
    const settings = (await session.perform(schedulerSettings, undefined)).result
    const configuration = JSON.stringify(settings)
    if (this.#scheduler !== undefined && configuration === this.#configuration) return this.#scheduler
    const remote = settings.lease && (await SharedRemote.connect(open, settings.lease))
    this.#configuration = configuration
    this.#scheduler = new Scheduler({
      ...this.#options,
      jitterMs: settings.jitterMs,
      remote,
      onRun: (outcome) => {
        this.#aliveMs = now().getTime()
        this.#metrics.count(outcome, now())
        onRun(outcome)
      },
    })
    return this.#scheduler
  }

  async loop(): Promise<void> {
    const { stop, pollMs, healthEveryMs, sleep } = this.#options
    const now = () => this.#now().getTime()
    while (!stop.aborted) {
      await this.#pass()
      this.#aliveMs = now()
      if (stop.aborted) break
      if (this.#aliveMs - this.#healthMs >= healthEveryMs) this.#sayHealth()
      const nextMs = this.#scheduler?.next?.getTime() ?? Number.POSITIVE_INFINITY
      // What is due although it was looked at just now cannot be done yet, such as while
      // another machine has the lease.
      await sleep(nextMs > now() ? Math.min(pollMs, nextMs - now()) : pollMs)
    }
    await this.#delivering
  }

  /** Returns why all is not well. Undefined: it is. */
  illness(): string | undefined {
    if (this.#now().getTime() - this.#aliveMs >= hangsMs) return 'no pass has ended for a long time'
    return this.#illness
  }

  metricsText(): string {
    const { rssBytes } = this.#options
    const entries = this.#scheduler?.entries ?? []
    return this.#metrics.text({
      entries,
      now: this.#now(),
      rssBytes: rssBytes?.(),
      healthy: this.illness() === undefined,
    })
  }

  /** Rotations do not wait for receivers. */
  #deliver(): void {
    const { open, stop, log } = this.#options
    const session = open()
    if (!session.hasDueDeliveries || this.#delivering !== undefined) return
    this.#delivering = session
      .perform(deliverWebhooks, undefined, {}, { signal: stop })
      .then(
        ({ result: { failed } }) => failed > 0 && log(`${failed} webhook deliveries failed`),
        (error) => log(`webhooks: ${messageOf(error)}`),
      )
      .then(() => {
        this.#delivering = undefined
      })
  }

  async #pass(): Promise<void> {
    const { log } = this.#options
    try {
      const pass = await (await this.prepare()).pass()
      const { problems, notes, heldBy } = pass
      this.#illness = illnessOf(pass)
      await this.#options.open().perform(noteSchedulerLook, undefined)
      const all =
        heldBy === undefined
          ? [...notes, ...problems]
          : [...notes, ...problems, `due, but ${heldBy} has the lease: waiting`]
      // What stays wrong is said once, not with every look.
      for (const problem of all) if (!this.#said.has(String(problem))) log(problem)
      this.#said = new Set(all.map(String))
      this.#deliver()
    } catch (error) {
      const [problem, hint] = [messageOf(error), hintOf(error)]
      this.#illness = problem
      if (!this.#said.has(problem)) log(hint === undefined ? problem : rich`${problem} (${hint})`)
      this.#said = new Set([problem])
    }
  }

  #sayHealth(): void {
    const { log, rssBytes } = this.#options
    const entries = this.#scheduler?.entries ?? []
    const upcoming = entries.filter(({ at }) => at !== undefined).sort((a, b) => Number(a.at) - Number(b.at))[0]
    const next = upcoming ? `next ${upcoming.environment} at ${upcoming.at?.toISOString()}` : 'none to come'
    const [done, partial, failed] = (['succeeded', 'partial', 'failed'] as const).map((each) =>
      this.#metrics.runs(each),
    )
    const memory = rssBytes === undefined ? '' : `; ${Math.round(rssBytes() / 1e6)} MB`
    const illness = this.illness()
    const state = illness === undefined ? 'healthy' : `NOT healthy (${illness})`
    log(
      `${state}: ${entries.length} schedules, ${next}; ${done} runs succeeded, ${partial} in part, ${failed} failed${memory}`,
    )
    this.#healthMs = this.#aliveMs
  }
}
