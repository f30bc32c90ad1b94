import { hash, randomBytes } from 'node:crypto'
import type { ServerToken } from '../../operations/index.ts'
import type { KnownTokens } from './person-token.ts'

/** Somebody who is signed in to the console, by a token. */
interface ConsoleSession {
  readonly token: string
  readonly expiresMs: number
}

/** A session ends after so long without a request, and at the latest after `longestMs`. */
const idleMs = 8 * 3_600_000
const longestMs = 24 * 3_600_000
/** A link to sign in works so long, and once. */
const linkMs = 5 * 60_000

/**
 * The sessions of those who are signed in to the console. A browser holds the id of its session in
 * a cookie that pages cannot read; the server holds the digest of the id. All end with the process,
 * and each with the token it was begun with.
 */
export class ConsoleSessions {
  readonly #tokens: KnownTokens
  readonly #now: () => Date
  readonly #sessions = new Map<string, ConsoleSession & { readonly latestMs: number }>()
  readonly #links = new Map<string, ConsoleSession>()

  constructor(tokens: KnownTokens, now: () => Date) {
    this.#tokens = tokens
    this.#now = now
  }

  /** Begins a session for the holder of a token. `undefined`: it is none, or its time is over. */
  begin(token: string): string | undefined {
    if (this.#holder(token) === undefined) return undefined
    this.#sweep()
    const id = randomBytes(24).toString('base64url')
    const now = this.#now().getTime()
    this.#sessions.set(digestOf(id), { token, expiresMs: now + idleMs, latestMs: now + longestMs })
    return id
  }

  /** Makes the code of a link that signs in the holder of a token, once. */
  link(token: string): string {
    const code = randomBytes(24).toString('base64url')
    this.#links.set(digestOf(code), { token, expiresMs: this.#now().getTime() + linkMs })
    return code
  }

  /** Begins a session with the code of a link, which works no second time. */
  follow(code: string): string | undefined {
    const digest = digestOf(code)
    const link = this.#links.get(digest)
    this.#links.delete(digest)
    return link === undefined || link.expiresMs <= this.#now().getTime() ? undefined : this.begin(link.token)
  }

  /** The holder of a session. `undefined`: there is none, its time is over, or its token's. */
  find(id: string): { readonly shown: string; readonly token: ServerToken } | undefined {
    const digest = digestOf(id)
    const session = this.#sessions.get(digest)
    const now = this.#now().getTime()
    const token = session && session.expiresMs > now ? this.#holder(session.token) : undefined
    if (session === undefined || token === undefined) {
      this.#sessions.delete(digest)
      return undefined
    }
    this.#sessions.set(digest, { ...session, expiresMs: Math.min(now + idleMs, session.latestMs) })
    return { shown: session.token, token }
  }

  end(id: string): void {
    this.#sessions.delete(digestOf(id))
  }

  #holder(shown: string): ServerToken | undefined {
    const token = this.#tokens.find(shown)
    return token?.expires !== undefined && token.expires <= this.#now() ? undefined : token
  }

  #sweep(): void {
    const now = this.#now().getTime()
    for (const kept of [this.#sessions, this.#links])
      for (const [digest, { expiresMs }] of kept) if (expiresMs <= now) kept.delete(digest)
  }
}

function digestOf(id: string): string {
  return hash('sha256', id, 'hex')
}
