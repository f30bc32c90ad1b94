import { messageOf } from '../errors.ts'
import {
  prepareSharedDeliveries,
  type Session,
  type SharedJob,
  type SharedJobs,
  sendSharedDelivery,
} from '../operations/index.ts'
import type { DeliverySender } from './deliveries.ts'

/** The deliveries that other servers have left are looked for so often. */
const looksEveryMs = 5_000
/** Jobs are added this long before they are due. */
const aheadMs = 60_000
/** A delivery that is still due is added again after this: whoever had it may be gone. */
const againMs = 60_000
/** Somebody else is at a delivery: it is looked at again after this. */
const busyMs = 5_000
/** At most this many deliveries are sent at the same time by one server. */
const sendsAtOnce = 4

/** The things that deliveries of several servers need. */
interface SharedDeliveriesOptions {
  /** Opens the store as it is now. */
  readonly open: () => Session
  readonly jobs: SharedJobs
  readonly now: () => Date
  /** Ends the looking once it is set. */
  readonly stop: AbortSignal
  readonly say: (line: string) => void
}

/**
 * Sends to webhooks together with other servers: each looks at what has happened and adds a job for
 * each delivery, and one of them performs it. What a server leaves that dies is sent by another.
 */
export class SharedDeliveries implements DeliverySender {
  readonly #options: SharedDeliveriesOptions
  readonly #added = new Map<string, number>()
  readonly #seen = new Map<string, number>()
  #looking: NodeJS.Timeout | undefined
  #look: Promise<void> | undefined
  #again = false

  constructor(options: SharedDeliveriesOptions) {
    this.#options = options
  }

  /** @throws EscError `io` when the jobs cannot be reached. */
  async start(): Promise<void> {
    const { jobs, say } = this.#options
    await jobs.start({
      atOnce: sendsAtOnce,
      perform: ({ key }) => this.#perform(key),
      failed: (error) => say(`jobs: ${messageOf(error)}`),
    })
    this.#looking = setInterval(() => this.send(), looksEveryMs)
    this.send()
  }

  /** Makes deliveries of what has happened. A call during a look has one more follow. */
  send(): void {
    if (this.#options.stop.aborted || this.#looking === undefined) return
    if (this.#look !== undefined) {
      this.#again = true
      return
    }
    this.#look = this.#lookOnce()
      .catch((error) => this.#options.say(`webhooks: ${messageOf(error)}`))
      .finally(() => {
        this.#look = undefined
        if (!this.#again) return
        this.#again = false
        this.send()
      })
  }

  /** Resolves once nothing is being sent by this server. */
  async close(): Promise<void> {
    clearInterval(this.#looking)
    this.#again = false
    await this.#look
    await this.#options.jobs.stop()
  }

  async #lookOnce(): Promise<void> {
    const { open, jobs, now } = this.#options
    const nowMs = now().getTime()
    const input = { withinMs: aheadMs, seen: this.#seen }
    const { result: waiting } = await open().perform(prepareSharedDeliveries, undefined, input)
    for (const [id, atMs] of this.#added) if (nowMs - atMs >= againMs) this.#added.delete(id)
    const added = waiting.filter(({ id }) => !this.#added.has(id))
    await jobs.add(added.map(({ id, due }) => jobOf(id, due)))
    for (const { id, due } of added) this.#added.set(id, Math.max(nowMs, due.getTime()))
  }

  async #perform(id: string): Promise<void> {
    const { open, jobs, now, say } = this.#options
    const { result } = await open().perform(sendSharedDelivery, undefined, id)
    if (result?.state === 'failed') say('a webhook delivery failed')
    if (result?.state === 'pending') await jobs.add([jobOf(id, result.due ?? new Date(now().getTime() + busyMs))])
  }
}

/** The queue has names only, and a delivery needs no more than its own. */
function jobOf(id: string, at: Date): SharedJob {
  return { key: id, environment: '', at }
}
