import type { OutboxEvent } from '../records/outbox-records.ts'
import type { StoreTransaction } from '../records/records.ts'

/** An event that is kept together with the next change of an environment's settings. */
export class ToldEvent {
  #event: OutboxEvent | undefined

  /**
   * Does something that changes the settings, and keeps an event in the same transaction. Where
   * nothing was written, the event is not kept: `isTold` says so.
   */
  async during<Result>(
    event: OutboxEvent,
    change: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly isTold: boolean }> {
    this.#event = event
    try {
      const result = await change()
      return { result, isTold: this.#event === undefined }
    } finally {
      this.#event = undefined
    }
  }

  /** Called in each transaction that changes the settings. */
  keepIn(transaction: StoreTransaction): void {
    if (this.#event === undefined) return
    transaction.tell?.(this.#event)
    transaction.afterwards(() => {
      this.#event = undefined
    })
  }
}
