import { messageOf } from '../errors.ts'
import { deliverWebhooks, type Session } from '../operations/index.ts'

/** Failed deliveries become due again by the clock, and other processes leave some behind. */
const looksEveryMs = 5_000

/** The part of a server that sends to webhooks. */
export interface DeliverySender {
  /** Begins to send what is due, where that is not under way. */
  send(): void
  /** Resolves once nothing is being sent. */
  close(): Promise<void>
}

/** Sends what is due to webhooks, within the server: nobody who makes a change waits for it. */
export class Deliveries implements DeliverySender {
  readonly #open: () => Session
  readonly #stop: AbortSignal
  readonly #say: (line: string) => void
  readonly #looking: NodeJS.Timeout
  #sending: Promise<void> | undefined

  /** @param open the store as it is now. */
  constructor(open: () => Session, stop: AbortSignal, say: (line: string) => void) {
    this.#open = open
    this.#stop = stop
    this.#say = say
    this.#looking = setInterval(() => this.send(), looksEveryMs)
  }

  /** Begins to send what is due, where that is not under way. */
  send(): void {
    if (this.#stop.aborted || this.#sending !== undefined) return
    // After the operation that has made it due, which holds the store.
    this.#sending = Promise.resolve()
      .then(() => this.#sendAll())
      .catch((error) => this.#say(`webhooks: ${messageOf(error)}`))
      .finally(() => {
        this.#sending = undefined
      })
  }

  /** Resolves once nothing is being sent. */
  async close(): Promise<void> {
    clearInterval(this.#looking)
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    while (!this.#stop.aborted) {
      const session = this.#open()
      if (!session.hasDueDeliveries) return
      const { result } = await session.perform(deliverWebhooks, undefined, {}, { signal: this.#stop })
      const { delivered, failed } = result
      if (failed > 0) this.#say(`${failed} webhook deliveries failed`)
      // What somebody else is sending is due, and not ours.
      if (delivered + failed === 0) return
    }
  }
}
