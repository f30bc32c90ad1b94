import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { RotationReport } from '../operations/index.ts'
import { Histogram, labels, metricText } from '../prometheus.ts'

/** A request that has been answered. Nothing in it is secret, nor names what was asked for. */
export interface RequestEntry {
  /** One of the API, or `OTHER`: a client could make up any number of them. */
  readonly method: string
  /** The pattern of its path, such as `/api/esc/environments/:org`; `none` where there is none. */
  readonly route: string
  readonly status: number
  readonly ms: number
  /** The principal that the token is for, and the name of the token. Absent: none was let in. */
  readonly user?: string
  readonly token?: string
  readonly id: string
}

/** The numbers that are true now, beside those that are counted. */
export interface Gauges {
  readonly openSessions: number
  readonly ready: boolean
}

/** Labels of a request that was counted, and of its time. */
interface WrittenLabels {
  readonly of: string
  readonly timed: string
}

/** Seconds: from what is in memory to a rotation that waits for a vendor. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

const rotationResults = ['succeeded', 'partial', 'failed'] as const

/**
 * The things that a server has done since it began, as numbers. Labels hold no name that a client
 * has chosen.
 */
export class ServerMetrics {
  readonly #version: string
  readonly #started: Date
  readonly #labels = new Map<string, WrittenLabels>()
  readonly #requests = new Map<string, number>()
  readonly #durations = new Histogram(buckets)
  readonly #rotations = new Map<string, number>()
  readonly #delay = monitorEventLoopDelay({ resolution: 20 })
  #inFlight = 0
  #auditFailures = 0

  constructor({ version, started }: { readonly version: string; readonly started: Date }) {
    this.#version = version
    this.#started = started
    this.#delay.enable()
  }

  began(): void {
    this.#inFlight++
  }

  ended({ method, route, status, ms }: RequestEntry): void {
    this.#inFlight--
    const { of, timed } = this.#labelsOf(method, route, String(status))
    this.#requests.set(of, (this.#requests.get(of) ?? 0) + 1)
    this.#durations.observe(timed, ms / 1000)
  }

  /** Written once: there are as many as routes and statuses. */
  #labelsOf(method: string, route: string, status: string): WrittenLabels {
    const key = `${method} ${status} ${route}`
    let written = this.#labels.get(key)
    if (written === undefined) {
      written = { of: labels({ method, route, status }), timed: labels({ method, route }) }
      this.#labels.set(key, written)
    }
    return written
  }

  rotated(result: RotationReport['status']): void {
    this.#rotations.set(result, (this.#rotations.get(result) ?? 0) + 1)
  }

  auditFailed(): void {
    this.#auditFailures++
  }

  /** Prometheus text, format 0.0.4. */
  text({ openSessions, ready }: Gauges): string {
    const process = processMetrics(this.#started)
    const lag = this.#delay.percentile(99) / 1e9
    this.#delay.reset()
    return [
      metricText('esc_http_requests_total', 'counter', 'Requests that were answered.', [...this.#requests]),
      this.#durations.text('esc_http_request_duration_seconds', 'The time from a request to its answer.'),
      metricText('esc_http_requests_in_flight', 'gauge', 'Requests that are being answered.', [['', this.#inFlight]]),
      metricText('esc_open_sessions', 'gauge', 'Opened environments that can be read.', [['', openSessions]]),
      metricText(
        'esc_rotations_total',
        'counter',
        'Rotations that clients have asked for, by result.',
        rotationResults.map((result) => [labels({ result }), this.#rotations.get(result) ?? 0] as const),
      ),
      metricText('esc_audit_failures_total', 'counter', 'Lines of the audit log that could not be written.', [
        ['', this.#auditFailures],
      ]),
      metricText('esc_ready', 'gauge', '1: the server is ready, as /readyz says.', [['', ready ? 1 : 0]]),
      metricText('esc_build_info', 'gauge', 'The version of the program, and of Node.', [
        [labels({ version: this.#version, node: globalThis.process.versions.node }), 1],
      ]),
      metricText(
        'nodejs_eventloop_lag_p99_seconds',
        'gauge',
        'The delay of timers since metrics were last read, 99th percentile.',
        [['', Number.isFinite(lag) ? lag : 0]],
      ),
      ...process,
    ].join('')
  }

  /** Lets the process end. */
  close(): void {
    this.#delay.disable()
  }
}

function processMetrics(started: Date): string[] {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return [
    metricText('process_cpu_seconds_total', 'counter', 'User and system CPU time in seconds.', [
      ['', (user + system) / 1e6],
    ]),
    metricText('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', [['', rss]]),
    metricText('nodejs_heap_size_used_bytes', 'gauge', 'Heap that is in use, in bytes.', [['', heapUsed]]),
    metricText('process_start_time_seconds', 'gauge', 'When the server was started.', [['', started.getTime() / 1000]]),
  ]
}
