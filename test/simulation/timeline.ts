interface Event {
  readonly atMs: number
  readonly work: () => void
}

/** Simulated time: it passes only from one event to the next. */
export class Timeline {
  /** Milliseconds since 1970. */
  nowMs = Date.parse('2026-11-20T10:00:00Z')
  readonly #events: Event[] = []

  after(ms: number, work: () => void): void {
    const atMs = this.nowMs + ms
    // Events of the same instant keep their order.
    let index = this.#events.length
    while (index > 0 && this.#events[index - 1]!.atMs > atMs) index--
    this.#events.splice(index, 0, { atMs, work })
  }

  /**
   * Lets time pass, event by event, until `done`. Throws when nothing more can happen and it is
   * not.
   */
  async runUntil(done: () => boolean): Promise<void> {
    for (let idle = 0; ; ) {
      // All promises that can be resolved are, before the next event: no real input or output is
      // under way.
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (done()) return
      const event = this.#events.shift()
      if (event !== undefined) {
        idle = 0
        this.nowMs = event.atMs
        event.work()
      } else if (++idle > 50) throw new Error('the run waits for something that never happens')
    }
  }

  /** Lets a span pass with everything that falls into it. */
  async pass(ms: number): Promise<void> {
    let passed = false
    this.after(ms, () => {
      passed = true
    })
    await this.runUntil(() => passed)
  }
}
