import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import {
  listIfPresent,
  machineFiles,
  makeFolders,
  readTextIfPresent,
  removeFile,
  replaceFile,
} from '../../files/index.ts'
import type { GuardLevel } from '../../store/index.ts'
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
  /** The time when it was last used, to the minute. Absent: never, as far as is known. */
  readonly lastUsed?: Date
}

/** The file of a token. Times are RFC 3339. */
type Kept = Omit<ServerToken, 'created' | 'expires' | 'lastUsed' | 'id'> & {
  readonly version: 1
  readonly created: string
  readonly expires?: string
}

const suffix = '.json'
/** The number of tokens that are kept in memory. */
const mostKnown = 10_000

/**
 * The tokens that this machine's server takes, in the state folder: one file for each, named after
 * the SHA-256 of the token. A token has 238 random bits, so its digest gives nothing away.
 */
export class TokenRegistry {
  readonly #folder: string
  /** Tokens that were read, by their digest, with the time of their file then. */
  readonly #known = new Map<string, { readonly modifiedMs: number; readonly token: ServerToken }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Keeps a token. */
  add(token: string, kept: Omit<ServerToken, 'id' | 'lastUsed'>): ServerToken {
    const digest = digestOf(token)
    const { created, expires, ...rest } = kept
    const record: Kept = {
      version: 1,
      ...rest,
      created: created.toISOString(),
      ...(expires !== undefined && { expires: expires.toISOString() }),
    }
    makeFolders(machineFiles, this.#folder, 0o700)
    replaceFile(machineFiles, this.#file(digest), Buffer.from(JSON.stringify(record)), { mode: 0o600 })
    return { id: idOf(digest), ...kept }
  }

  /** The token that somebody shows. `undefined`: there is none, or it was revoked. */
  find(token: string): ServerToken | undefined {
    const digest = digestOf(token)
    // Looked at for each request, so that one that is revoked ends at once.
    const modifiedMs = machineFiles.stat(this.#file(digest))?.modifiedMs
    const known = this.#known.get(digest)
    if (known !== undefined && known.modifiedMs === modifiedMs) return known.token
    this.#known.delete(digest)
    const found = modifiedMs === undefined ? undefined : this.#read(digest)
    if (found === undefined || modifiedMs === undefined) return undefined
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(digest, { modifiedMs, token: found })
    return found
  }

  /**
   * Removes tokens that came by exchange or sign-in and have ended. What somebody has made stays in
   * the list, as expired.
   */
  sweep(now: Date): void {
    for (const { id, by, expires } of this.list())
      if (by !== undefined && expires !== undefined && expires <= now) this.#remove(id)
  }

  /** All tokens, the newest last. */
  list(): ServerToken[] {
    const digests = listIfPresent(machineFiles, this.#folder)
      .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
      .map((name) => name.slice(0, -suffix.length))
    const tokens = digests.map((digest) => this.#read(digest)).filter((token) => token !== undefined)
    return tokens.sort((a, b) => a.created.getTime() - b.created.getTime() || (a.id < b.id ? -1 : 1))
  }

  /**
   * Revokes the token with this id or name.
   *
   * @throws EscError `not_found`; `usage` for a name that several have.
   */
  revoke(wanted: string): ServerToken {
    const found = this.list().filter(({ id, name }) => id === wanted || name === wanted)
    const [first, second] = found
    if (first === undefined) {
      throw new EscError('not_found', `there is no token '${wanted}'`, { hint: 'name the id or the name of a token' })
    }
    if (second !== undefined) {
      throw new EscError('usage', `${found.length} tokens are called '${wanted}'`, {
        hint: `name one by its id: ${found.map(({ id }) => id).join(', ')}`,
      })
    }
    this.#remove(first.id)
    return first
  }

  /**
   * Notes that a token was used, at most once a minute: as the time of its file, so that one that
   * is being revoked does not come back.
   */
  noteUse({ lastUsed }: ServerToken, token: string, now: Date): void {
    if (lastUsed !== undefined && now.getTime() - lastUsed.getTime() < 60_000) return
    try {
      process.getBuiltinModule('node:fs').utimesSync(this.#file(digestOf(token)), now, now)
    } catch {}
  }

  #remove(id: string): void {
    for (const name of listIfPresent(machineFiles, this.#folder))
      if (name.startsWith(id)) removeFile(machineFiles, join(this.#folder, name))
  }

  #file(digest: string): string {
    return join(this.#folder, digest + suffix)
  }

  #read(digest: string): ServerToken | undefined {
    const text = readTextIfPresent(machineFiles, this.#file(digest))
    if (text === undefined) return undefined
    let kept: Kept
    try {
      kept = JSON.parse(text)
    } catch (error) {
      throw new EscError('store_damaged', `${this.#file(digest)} is no JSON`, {
        hint: 'remove the file, and make a new token',
        cause: error,
      })
    }
    const created = readTimestamp(kept.created)
    const expires = readTimestamp(kept.expires)
    // One that says nothing that can be believed lets nobody in.
    if (created === undefined || (kept.expires !== undefined && expires === undefined)) return undefined
    const used = machineFiles.stat(this.#file(digest))?.modifiedMs ?? 0
    const { version: _, ...rest } = kept
    return {
      id: idOf(digest),
      ...rest,
      created,
      expires,
      // Made and never used, the file is as old as the token.
      lastUsed: used > created.getTime() + 1000 ? new Date(used) : undefined,
    }
  }
}

/** The id of a token: the first twelve digits of its digest. */
export function tokenId(token: string): string {
  return idOf(digestOf(token))
}

function digestOf(token: string): string {
  return hash('sha256', token, 'hex')
}

function idOf(digest: string): string {
  return digest.slice(0, 12)
}
