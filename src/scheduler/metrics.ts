import type { DueEntry, RunOutcome } from '../operations/index.ts'
import { labels, metricText } from '../prometheus.ts'

/** The things that a scheduler has done since it began, as numbers. */
export class Metrics {
  readonly #runs = new Map<RunOutcome['result'], number>()
  readonly #lastSuccess = new Map<string, Date>()
  readonly #failing = new Map<string, boolean>()
  readonly #started: Date

  constructor(started: Date) {
    this.#started = started
  }

  count(outcome: RunOutcome, at: Date): void {
    const { environment, result } = outcome
    this.#runs.set(result, this.runs(result) + 1)
    if (result === 'succeeded') this.#lastSuccess.set(environment, at)
    if (result === 'succeeded' || result === 'partial' || result === 'failed') {
      this.#failing.set(environment, result !== 'succeeded')
    }
  }

  runs(result: RunOutcome['result']): number {
    return this.#runs.get(result) ?? 0
  }

  /** Prometheus text, format 0.0.4. */
  text({
    entries,
    now,
    rssBytes,
    healthy,
  }: {
    readonly entries: readonly DueEntry[]
    readonly now: Date
    /** Resident memory. Absent: the metrics of the process come from elsewhere. */
    readonly rssBytes?: number
    readonly healthy: boolean
  }): string {
    const there = new Set(entries.map(({ environment }) => environment))
    // What is gone is forgotten, so that this does not grow for ever.
    for (const known of [this.#lastSuccess, this.#failing]) {
      for (const name of known.keys()) if (!there.has(name)) known.delete(name)
    }
    const results = ['succeeded', 'partial', 'failed', 'recovered', 'deferred', 'interrupted'] as const
    const of = (environment: string) => labels({ environment })
    const unreadable = entries.filter(({ problem }) => problem !== undefined).length
    const paused = entries.filter((entry) => entry.paused && entry.problem === undefined).length
    return [
      metricText('esc_scheduler_runs_total', 'counter', 'Runs of schedules since the start, by result.', [
        ...results.map((result) => [`{result="${result}"}`, this.runs(result)] as const),
      ]),
      metricText('esc_scheduler_schedules', 'gauge', 'Schedules in the store.', [
        ['{state="active"}', entries.length - paused - unreadable],
        ['{state="paused"}', paused],
        ['{state="unreadable"}', unreadable],
      ]),
      metricText(
        'esc_scheduler_last_success_timestamp_seconds',
        'gauge',
        'When an environment was last rotated by this scheduler without a failure.',
        [...this.#lastSuccess].map(([name, at]) => [of(name), at.getTime() / 1000]),
      ),
      metricText(
        'esc_scheduler_failing',
        'gauge',
        '1: the last run of the environment failed, in whole or in part.',
        [...this.#failing].map(([name, failing]) => [of(name), failing ? 1 : 0]),
      ),
      metricText(
        'esc_scheduler_overdue',
        'gauge',
        '1: the environment has waited longer for a run than its schedule allows.',
        entries.map(({ environment, overdue }) => [of(environment), overdue === undefined ? 0 : 1] as const),
      ),
      metricText(
        'esc_scheduler_unreadable',
        'gauge',
        '1: the environment cannot be read, so nobody can tell whether something is due.',
        entries.map(({ environment, problem }) => [of(environment), problem === undefined ? 0 : 1] as const),
      ),
      metricText('esc_scheduler_healthy', 'gauge', '1: all is well, as /healthz says.', [['', healthy ? 1 : 0]]),
      metricText(
        'esc_scheduler_next_run_timestamp_seconds',
        'gauge',
        'When an environment is rotated next.',
        entries.flatMap(({ environment, at }) =>
          at === undefined ? [] : [[of(environment), at.getTime() / 1000] as const],
        ),
      ),
      metricText('esc_scheduler_start_timestamp_seconds', 'gauge', 'When the scheduler was started.', [
        ['', this.#started.getTime() / 1000],
      ]),
      metricText('esc_scheduler_clock_timestamp_seconds', 'gauge', 'The clock of the scheduler.', [
        ['', now.getTime() / 1000],
      ]),
      ...(rssBytes === undefined
        ? []
        : [metricText('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', [['', rssBytes]])]),
    ].join('')
  }
}
