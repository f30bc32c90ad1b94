import { pause } from '../../http/index.ts'
import { isJsonObject, type Json } from '../../json.ts'
import type { RemoteSession } from './remote-session.ts'

/** The pauses before a server that was lost is tried again: the first, and the longest. */
const firstPauseMs = 500
const longestPauseMs = 30_000

/**
 * Hears from a server when one of some environments may have changed. The stream of events is begun
 * again when it ends, after the last event that was heard.
 */
export class ServerChanges {
  readonly #session: RemoteSession
  readonly #names: ReadonlySet<string>
  readonly #closing = new AbortController()
  #isHearing = false
  #changed = false
  #wake = () => {}

  /** @param names those of the environments. */
  constructor(session: RemoteSession, names: Iterable<string>) {
    this.#session = session
    this.#names = new Set(names)
    void this.#listen()
  }

  /** False as long as the server tells nothing: it is away, an older one, or behind a proxy. */
  get isHearing(): boolean {
    return this.#isHearing
  }

  /** Waits until something may have changed, or the stream was lost or found; at most so long. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (!this.#changed) await pause(ms, AbortSignal.any([woken.signal, signal]))
    this.#changed = false
  }

  close(): void {
    this.#closing.abort()
  }

  async #listen(): Promise<void> {
    const { signal } = this.#closing
    let lastEventId: string | undefined
    let pauseMs = firstPauseMs
    while (!signal.aborted) {
      const hear = (event: { readonly event?: string; readonly id?: string; readonly data: string }) => {
        pauseMs = firstPauseMs
        this.#isHearing = true
        if (this.#concerns(event, lastEventId !== undefined)) this.#tell()
        if (event.id) lastEventId = event.id
      }
      // The reason does not matter: until the server tells again, it is asked.
      await this.#session.hearChanges({ lastEventId, signal, hear }).catch(() => {})
      if (this.#isHearing) this.#tell()
      this.#isHearing = false
      // Those that have lost a server together do not come back together.
      await pause(pauseMs * (0.5 + Math.random()), signal)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }

  /** Tells whether something may have changed. The first event says nothing of what was before. */
  #concerns({ event, data }: { readonly event?: string; readonly data: string }, goesOn: boolean): boolean {
    if (event !== 'environment') return event !== 'ready' || !goesOn
    try {
      const told: Json = JSON.parse(data)
      return isJsonObject(told) && typeof told.environment === 'string' && this.#names.has(told.environment)
    } catch {
      return true
    }
  }

  #tell(): void {
    this.#changed = true
    this.#wake()
  }
}
