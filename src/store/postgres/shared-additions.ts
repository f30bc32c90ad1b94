import { randomUUID } from 'node:crypto'
import type { OutboxEvent } from '../records/outbox-records.ts'
import { type AddedRows, type Addition, addingStatement } from './append-rows.ts'
import type { PostgresDatabase } from './connection.ts'

/** The most statements under way at once. With more of them, each would carry fewer additions. */
const mostUnderWay = 2
/** So many additions are sent at once. Fewer wait until the end of this turn of the event loop. */
const fewTogether = 4
/** The most additions of one statement, whose text has a limit. */
const mostTogether = 64

interface Waiting extends Addition {
  readonly settle: (kept: boolean) => void
  readonly fail: (error: unknown) => void
}

/**
 * Adds rows to environments. What comes while statements are under way waits for one of them, and
 * goes together with the next: many writers share round trips, and commits that wait for the disk.
 */
export class SharedAdditions {
  readonly #database: PostgresDatabase
  readonly #waiting: Waiting[] = []
  #underWay = 0
  #isAboutTo = false

  constructor(database: PostgresDatabase) {
    this.#database = database
  }

  /**
   * Returns false where nothing was kept, and will not be: somebody else has changed the
   * environment, or is changing it.
   *
   * @throws EscError `io` when it is not known.
   */
  add(rows: AddedRows, told: readonly OutboxEvent[]): Promise<boolean> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ token: randomUUID(), rows, told, settle, fail })
      this.#sendSoon()
    })
  }

  /**
   * The writers that waited for one statement come back one after the other: the first of them
   * would be sent alone.
   */
  #sendSoon(): void {
    if (this.#waiting.length >= fewTogether) this.#send()
    else if (!this.#isAboutTo && this.#waiting.length > 0) {
      this.#isAboutTo = true
      setImmediate(() => {
        this.#isAboutTo = false
        this.#send()
      })
    }
  }

  #send(): void {
    if (this.#underWay === mostUnderWay || this.#waiting.length === 0) return
    const together = this.#waiting.splice(0, mostTogether)
    this.#underWay++
    void this.#keep(together).finally(() => {
      this.#underWay--
      this.#sendSoon()
    })
  }

  async #keep(together: readonly Waiting[]): Promise<void> {
    try {
      const { statement, values } = addingStatement(this.#database.schema, together)
      const tokens = together.map(({ token }) => token)
      const done = await this.#database.change(tokens, statement, values)
      if ('kept' in done) for (const { token, settle } of together) settle(done.kept.has(token))
      // What the database refuses of one is not the fault of the others.
      else if (together.length > 1) await Promise.all(together.map((one) => this.#keep([one])))
      else for (const { fail } of together) fail(done.refused)
    } catch (error) {
      for (const { fail } of together) fail(error)
    }
  }
}
