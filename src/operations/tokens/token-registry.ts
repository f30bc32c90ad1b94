import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { EscError } from '../../errors.ts'
import type { Entries, Entry, GuardLevel } from '../../store/index.ts'
import { readTimestamp } from '../../timestamp.ts'

/** A token of the server as it is kept: everything but the token itself. */
export interface ServerToken {
  /** The first twelve digits of the digest of the token: names it without giving it away. */
  readonly id: string
  readonly name: string
  /** The principal that access rules and audit log know its holder by. */
  readonly user: string
  /** The label of the store that it is for. */
  readonly organization: string
  /** True when the access rules do not limit it. */
  readonly admin: boolean
  /** The most that it may do, whatever the access rules give. */
  readonly level: GuardLevel
  /** Patterns of the environments that it may be used for. Empty: all. */
  readonly environments: readonly string[]
  readonly created: Date
  /** The principal who made it. */
  readonly createdBy: string
  /** The time when it ends. Absent: never. */
  readonly expires?: Date
  /** The way in which its holder got it. Absent: somebody has made it. */
  readonly by?: 'exchange' | 'sign-in'
  /** The id of the token that takes its place. Absent: none does. */
  readonly replacedBy?: string
  /** The time when it was last used, to the minute. Absent: never, as far as is known. */
  readonly lastUsed?: Date
}

/** The entry of a token, as JSON. Times are RFC 3339. */
type Kept = Omit<ServerToken, 'created' | 'expires' | 'lastUsed' | 'id'> & {
  readonly version: 1
  readonly created: string
  readonly expires?: string
}

/** A token as its entry has it. */
interface Read {
  readonly entry: Entry
  readonly token: ServerToken | undefined
}

/** The number of tokens whose entries need not be read again. */
const mostRead = 10_000

/**
 * The tokens that the servers of a store take: an entry for each, under the SHA-256 of the token. A
 * token has 238 random bits, so its digest gives nothing away.
 */
export class TokenRegistry {
  readonly #entries: Entries
  readonly #read = new Map<string, Read>()
  readonly #notedMs = new Map<string, number>()

  constructor(entries: Entries) {
    this.#entries = entries
  }

  /** Keeps a token. It is taken once this resolves. */
  async add(token: string, kept: Omit<ServerToken, 'id' | 'lastUsed'>): Promise<ServerToken> {
    return this.addDigest(tokenDigest(token), kept)
  }

  /**
   * Keeps a token that only its holder knows, by its digest.
   *
   * @throws EscError `already_exists`: nobody takes the place of another token.
   */
  async addDigest(digest: string, kept: Omit<ServerToken, 'id' | 'lastUsed'>): Promise<ServerToken> {
    if ((await this.#entries.get(digest)) !== undefined) {
      throw new EscError('already_exists', `there is a token ${tokenIdOf(digest)} already`, { hint: 'begin again' })
    }
    await this.#put(digest, kept, kept.created)
    return { id: tokenIdOf(digest), ...kept }
  }

  /** The token that somebody shows, as it is now. `undefined`: there is none, or it was revoked. */
  async find(token: string): Promise<ServerToken | undefined> {
    const digest = tokenDigest(token)
    const entry = await this.#entries.get(digest)
    if (entry !== undefined) return this.#tokenIn(digest, entry)
    this.#read.delete(digest)
    return undefined
  }

  /**
   * Removes tokens that have ended, and came by exchange or sign-in or were replaced. What somebody
   * has made stays in the list otherwise, as expired.
   */
  sweep(now: Date): Promise<void> {
    return this.#entries.sweep(now)
  }

  /** All tokens, the newest last. */
  async list(): Promise<ServerToken[]> {
    return (await this.#all()).map(({ token }) => token)
  }

  /**
   * Revokes the token with this id or name.
   *
   * @throws EscError `not_found`; `usage` for a name that several have.
   */
  async revoke(wanted: string): Promise<ServerToken> {
    const { digest, token } = await this.#named(wanted)
    await this.#entries.remove(digest)
    return token
  }

  /** The token with this id or name. @throws EscError as `revoke`. */
  async named(wanted: string): Promise<ServerToken> {
    return (await this.#named(wanted)).token
  }

  /** Has a token whose place another takes end at `latest`, where it would last for longer. */
  async replace(id: string, { by: replacedBy, latest }: { readonly by: string; readonly latest: Date }): Promise<void> {
    const { digest, token } = await this.#named(id)
    const { id: _, lastUsed, expires = latest, ...kept } = token
    const ends = expires < latest ? expires : latest
    await this.#put(digest, { ...kept, replacedBy, expires: ends }, lastUsed ?? token.created)
  }

  /** Notes that a token was used, at most once a minute. Never throws. */
  async noteUse({ id, lastUsed }: ServerToken, token: string, now: Date): Promise<void> {
    const notedMs = Math.max(lastUsed?.getTime() ?? 0, this.#notedMs.get(id) ?? 0)
    if (now.getTime() - notedMs < 60_000) return
    if (this.#notedMs.size >= mostRead) this.#notedMs.clear()
    this.#notedMs.set(id, now.getTime())
    await this.#entries.touch(tokenDigest(token), now).catch(() => {})
  }

  async #put(digest: string, kept: Omit<ServerToken, 'id' | 'lastUsed'>, touched: Date): Promise<void> {
    const { created, expires, ...rest } = kept
    const record: Kept = {
      version: 1,
      ...rest,
      created: created.toISOString(),
      ...(expires !== undefined && { expires: expires.toISOString() }),
    }
    const ends = isSwept(record) ? expires : undefined
    await this.#entries.put(digest, Buffer.from(JSON.stringify(record)), { ends, touched })
  }

  async #all(): Promise<{ readonly digest: string; readonly token: ServerToken }[]> {
    const all = [...(await this.#entries.list())].flatMap(([digest, entry]) => {
      const token = this.#tokenIn(digest, entry)
      return token === undefined ? [] : [{ digest, token }]
    })
    return all.sort(({ token: a }, { token: b }) => a.created.getTime() - b.created.getTime() || (a.id < b.id ? -1 : 1))
  }

  async #named(wanted: string): Promise<{ readonly digest: string; readonly token: ServerToken }> {
    const found = (await this.#all()).filter(
      ({ token: { id, name, replacedBy } }) => id === wanted || (name === wanted && replacedBy === undefined),
    )
    const [first, second] = found
    if (first === undefined) {
      throw new EscError('not_found', `there is no token '${wanted}'`, { hint: 'name the id or the name of a token' })
    }
    if (second !== undefined) {
      throw new EscError('usage', `${found.length} tokens are called '${wanted}'`, {
        hint: `name one by its id: ${found.map(({ token: { id } }) => id).join(', ')}`,
      })
    }
    return first
  }

  #tokenIn(digest: string, entry: Entry): ServerToken | undefined {
    const read = this.#read.get(digest)
    if (read?.entry === entry) return read.token
    const token = tokenIn(digest, entry)
    if (this.#read.size >= mostRead) this.#read.clear()
    this.#read.set(digest, { entry, token })
    return token
  }
}

/** The time when the entry of a token may be removed, in milliseconds since 1970. */
export function endOfToken(content: Uint8Array): number | undefined {
  const kept = JSON.parse(Buffer.from(content).toString()) as Kept
  return isSwept(kept) ? readTimestamp(kept.expires)?.getTime() : undefined
}

function isSwept({ by, replacedBy }: Pick<Kept, 'by' | 'replacedBy'>): boolean {
  return by !== undefined || replacedBy !== undefined
}

function tokenIn(digest: string, { content, touched }: Entry): ServerToken | undefined {
  let kept: Kept
  try {
    kept = JSON.parse(Buffer.from(content).toString())
  } catch (error) {
    throw new EscError('store_damaged', `the record of the token ${tokenIdOf(digest)} is not JSON`, {
      hint: 'revoke it, and make a new token',
      cause: error,
    })
  }
  const created = readTimestamp(kept.created)
  const expires = readTimestamp(kept.expires)
  // One that says nothing that can be believed lets nobody in.
  if (created === undefined || (kept.expires !== undefined && expires === undefined)) return undefined
  const { version: _, ...rest } = kept
  return {
    id: tokenIdOf(digest),
    ...rest,
    created,
    expires,
    // Made and never used, the entry is as old as the token.
    lastUsed: touched.getTime() > created.getTime() + 1000 ? touched : undefined,
  }
}

/** The SHA-256 of a token, in hexadecimal. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'hex')
}

/** The id of a token: the first twelve digits of its digest. */
export function tokenIdOf(digest: string): string {
  return digest.slice(0, 12)
}
