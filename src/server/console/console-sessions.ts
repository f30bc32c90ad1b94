import { type EncryptedEntries, encryptedEntriesOf, type ServerToken, type Session } from '../../operations/index.ts'
import type { KnownTokens } from './person-token.ts'

/** Somebody who is signed in to the console, by a token. */
interface ConsoleSession {
  readonly token: string
  /** The time when it ends at the latest, in milliseconds since 1970. */
  readonly latestMs: number
  /** True when the token was made for this session, and ends with it. */
  readonly own?: boolean
}

/** A session ends after so long without a request, and at the latest after `longestMs`. */
const idleMs = 8 * 3_600_000
const longestMs = 24 * 3_600_000
/** The end of a session is moved when it would move by so much. */
const movesByMs = 60_000
/** A link to sign in works so long, and once. */
const linkMs = 5 * 60_000

/**
 * The sessions of those who are signed in to the console. A browser holds the id of its session in
 * a cookie that pages cannot read; what is kept is encrypted under that id, so every server of the
 * store knows the session. Each ends with the token it was begun with.
 */
export class ConsoleSessions {
  readonly #tokens: KnownTokens
  readonly #now: () => Date
  readonly #sessions: EncryptedEntries
  readonly #links: EncryptedEntries

  /** @param session the store whose servers share them. */
  constructor(session: Session, tokens: KnownTokens, now: () => Date) {
    this.#tokens = tokens
    this.#now = now
    this.#sessions = encryptedEntriesOf(session, 'console-session', now)
    this.#links = encryptedEntriesOf(session, 'sign-in-link', now)
  }

  /**
   * Begins a session for the holder of a token. `undefined`: it is none, or its time is over.
   * `own`: the token was made for this session, and signing out revokes it.
   */
  async begin(token: string, { own = false }: { readonly own?: boolean } = {}): Promise<string | undefined> {
    if ((await this.#holder(token)) === undefined) return undefined
    const now = this.#now().getTime()
    const session: ConsoleSession = { token, latestMs: now + longestMs, own }
    return this.#sessions.keep(JSON.stringify(session), new Date(now + idleMs))
  }

  /** Makes the code of a link that signs in the holder of a token, once. */
  link(token: string): Promise<string> {
    return this.#links.keep(token, new Date(this.#now().getTime() + linkMs))
  }

  /** Begins a session with the code of a link, which works no second time. */
  async follow(code: string): Promise<string | undefined> {
    const link = await this.#links.take(code)
    return link && this.begin(link.text)
  }

  /** The holder of a session. `undefined`: there is none, its time is over, or its token's. */
  async find(id: string): Promise<{ readonly shown: string; readonly token: ServerToken } | undefined> {
    const kept = await this.#sessions.read(id)
    if (kept === undefined) return undefined
    const session: ConsoleSession = JSON.parse(kept.text)
    const token = await this.#holder(session.token)
    if (token === undefined) {
      await this.#sessions.end(id)
      return undefined
    }
    const expiresMs = Math.min(this.#now().getTime() + idleMs, session.latestMs)
    if (expiresMs - kept.expires.getTime() >= movesByMs)
      await this.#sessions.replace(id, { text: kept.text, expires: new Date(expiresMs) })
    return { shown: session.token, token }
  }

  async end(id: string): Promise<void> {
    const kept = await this.#sessions.read(id)
    await this.#sessions.end(id)
    const session: ConsoleSession | undefined = kept && JSON.parse(kept.text)
    const token = session?.own ? await this.#tokens.find(session.token) : undefined
    if (token !== undefined) await this.#tokens.revoke(token.id)
  }

  /** Removes sessions and links whose time is over. */
  async sweep(): Promise<void> {
    await this.#sessions.sweep()
    await this.#links.sweep()
  }

  async #holder(shown: string): Promise<ServerToken | undefined> {
    const token = await this.#tokens.find(shown)
    return token?.expires !== undefined && token.expires <= this.#now() ? undefined : token
  }
}
