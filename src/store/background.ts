import { EscError } from '../errors.ts'
import type { Lock } from './records/records.ts'
import { recordSchedulerLook, schedulerLook } from './state/scheduler-look.ts'
import type { StoreParts } from './store-parts.ts'

/** Locks and marks of processes that work on a store by themselves: deliveries and schedules. */
export class Background {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * For whoever sends the deliveries of webhooks: one at a time. Undefined: another one is at it.
   */
  async tryLockWebhooks(): Promise<Lock | undefined> {
    try {
      return await this.#parts.records.lock({ kind: 'webhooks', purpose: 'deliver', waitMs: 0 })
    } catch (error) {
      if (error instanceof EscError && error.code === 'locked') return undefined
      throw error
    }
  }

  /**
   * Held while the schedules of the store are looked after: one process at a time, on this machine.
   * @throws EscError `locked`, naming the holder.
   */
  async lockScheduler(purpose: string): Promise<Lock> {
    return this.#parts.records.lock({ kind: 'scheduler', purpose, waitMs: 0 })
  }

  /**
   * Returns the time when a scheduler last looked after the store on this machine. Undefined:
   * never, as far as is known.
   */
  schedulerLook(): Date | undefined {
    return schedulerLook(this.#parts)
  }

  /** Records that a scheduler has looked after the store on this machine. Never throws. */
  recordSchedulerLook(at: Date): void {
    recordSchedulerLook(this.#parts, at)
  }
}
