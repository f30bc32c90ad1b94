import { type EncryptedEntries, encryptedEntriesOf } from '../serving/encrypted-entries.ts'
import type { Session } from '../session/session.ts'

/** An environment that was opened, and is kept for a while. */
export interface OpenSession {
  /** `project/environment`; `<yaml>` for a text that belongs to none. */
  readonly environment: string
  /** The principal who has opened it: nobody else reads it. */
  readonly principal: string
  /** The environment as JSON text, its secrets in the clear. */
  readonly body: string
  readonly expires: Date
}

/** Characters of bodies that are kept in memory at most. */
const mostKept = 64 * 1024 * 1024

/**
 * The environments that the servers of a store have opened, encrypted under their ids. What this
 * process has kept or read is in its memory besides: a session never changes before it ends.
 */
export class OpenSessions {
  readonly #entries: EncryptedEntries
  readonly #now: () => Date
  readonly #kept = new Map<string, OpenSession>()
  #size = 0

  constructor(entries: EncryptedEntries, now: () => Date) {
    this.#entries = entries
    this.#now = now
  }

  /** Keeps an environment that was opened, and returns the id of the session. */
  async keep(session: OpenSession): Promise<string> {
    const { expires, ...content } = session
    const id = await this.#entries.keep(JSON.stringify(content), expires)
    this.#remember(id, session)
    return id
  }

  /** The session with an id. `undefined`: there is none, or its time is over. */
  async read(id: string): Promise<OpenSession | undefined> {
    const session = this.#kept.get(id) ?? (await this.#load(id))
    if (session === undefined || session.expires > this.#now()) return session
    this.#forget(id)
    await this.#entries.end(id)
    return undefined
  }

  /** The number of sessions that are kept. */
  count(): Promise<number> {
    return this.#entries.count()
  }

  /** Removes the sessions whose time is over. */
  async sweep(): Promise<void> {
    const now = this.#now()
    for (const [id, { expires }] of this.#kept) if (expires <= now) this.#forget(id)
    await this.#entries.sweep()
  }

  async #load(id: string): Promise<OpenSession | undefined> {
    const kept = await this.#entries.read(id)
    if (kept === undefined) return undefined
    const session: OpenSession = { ...JSON.parse(kept.text), expires: kept.expires }
    this.#remember(id, session)
    return session
  }

  #remember(id: string, session: OpenSession): void {
    this.#forget(id)
    for (const [oldest] of this.#kept) {
      if (this.#size + session.body.length <= mostKept) break
      this.#forget(oldest)
    }
    this.#kept.set(id, session)
    this.#size += session.body.length
  }

  #forget(id: string): void {
    this.#size -= this.#kept.get(id)?.body.length ?? 0
    this.#kept.delete(id)
  }
}

/** The sessions that the servers of a store keep. */
export function openSessionsOf(session: Session, now: () => Date): OpenSessions {
  return new OpenSessions(encryptedEntriesOf(session, 'open-session', now), now)
}
