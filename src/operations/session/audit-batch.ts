import { type AuditEntry, type AuditLogContext, appendAudit } from '../../audit/index.ts'

type Entries = readonly [AuditEntry, ...AuditEntry[]]

/** Lines that wait for the turn of their log. */
interface Waiting {
  readonly entries: Entries
  readonly written: (file: string) => void
  readonly failed: (error: unknown) => void
}

/**
 * Writes lines of the audit log of many sessions together: all that come in one turn of the event
 * loop share the lock and the writing. Whoever hands lines in waits until they are written.
 */
export class AuditBatch {
  readonly #waiting = new Map<string, { readonly write: (entries: Entries) => string; readonly lines: Waiting[] }>()

  /** Appends lines once the turn has ended. @throws EscError `io`, `locked`, as `appendAudit`. */
  append(place: AuditLogContext, entries: Entries, { synced }: { readonly synced: boolean }): Promise<string> {
    if (this.#waiting.size === 0) setImmediate(() => this.#write())
    const log = [place.store, place.state, place.keep, synced].join('\n')
    let waiting = this.#waiting.get(log)
    if (waiting === undefined) {
      waiting = { write: (all) => appendAudit(place, all, { synced }), lines: [] }
      this.#waiting.set(log, waiting)
    }
    const { lines } = waiting
    return new Promise((written, failed) => lines.push({ entries, written, failed }))
  }

  #write(): void {
    const logs = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { write, lines } of logs) {
      try {
        const file = write(lines.flatMap(({ entries }) => entries) as unknown as Entries)
        for (const { written } of lines) written(file)
      } catch (error) {
        for (const { failed } of lines) failed(error)
      }
    }
  }
}
