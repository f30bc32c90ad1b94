import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  listIfPresent,
  machineFiles,
  makeFolders,
  readIfPresent,
  removeQuietly,
  replaceFile,
} from '../../files/index.ts'
import { stateLayout } from '../../store/index.ts'
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
const suffix = '.session'

/**
 * The environments that the server has opened, under ids of 128 random bits. A file holds each
 * encrypted under a key made from its id, and is named after the digest of the id: who has the file
 * alone reads nothing. Another process of the same machine reads it with the id.
 */
export class OpenSessions {
  readonly #folder: string
  readonly #now: () => Date
  readonly #kept = new Map<string, OpenSession>()
  #size = 0

  constructor(folder: string, now: () => Date) {
    this.#folder = folder
    this.#now = now
  }

  /** Keeps an environment that was opened, and returns the id of the session. */
  keep(session: OpenSession): string {
    const id = randomBytes(16).toString('hex')
    makeFolders(machineFiles, this.#folder, 0o700)
    replaceFile(machineFiles, this.#file(id), encrypt(id, session), { mode: 0o600, synced: false })
    this.#remember(id, session)
    return id
  }

  /** The session with an id. `undefined`: there is none, or its time is over. */
  read(id: string): OpenSession | undefined {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined
    const session = this.#kept.get(id) ?? this.#load(id)
    if (session === undefined) return undefined
    if (session.expires > this.#now()) return session
    this.#forget(id)
    removeQuietly(machineFiles, this.#file(id))
    return undefined
  }

  /** The number of sessions that are kept. */
  get count(): number {
    return listIfPresent(machineFiles, this.#folder).filter((name) => name.endsWith(suffix)).length
  }

  /** Removes the sessions whose time is over. */
  sweep(): void {
    const now = this.#now()
    for (const [id, { expires }] of this.#kept) if (expires <= now) this.#forget(id)
    for (const name of listIfPresent(machineFiles, this.#folder)) {
      if (!name.endsWith(suffix)) continue
      const path = join(this.#folder, name)
      try {
        const bytes = readIfPresent(machineFiles, path)
        if (bytes !== undefined && expiryOf(bytes) <= now.getTime()) removeQuietly(machineFiles, path)
      } catch {}
    }
  }

  #file(id: string): string {
    return join(this.#folder, hash('sha256', id, 'hex') + suffix)
  }

  #load(id: string): OpenSession | undefined {
    const bytes = readIfPresent(machineFiles, this.#file(id))
    const session = bytes && decrypt(id, bytes)
    if (session !== undefined) this.#remember(id, session)
    return session
  }

  #remember(id: string, session: OpenSession): void {
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

/** The sessions that a server of this store keeps. */
export function openSessionsOf({ workspace }: Session, now: () => Date): OpenSessions {
  return new OpenSessions(stateLayout.openSessions(workspace.store.state.folder), now)
}

/**
 * Milliseconds since 1970 (8 bytes), which are authenticated, nonce (12), ciphertext, tag (16).
 */
function encrypt(id: string, { expires, ...content }: OpenSession): Uint8Array {
  const head = Buffer.alloc(8)
  head.writeDoubleBE(expires.getTime())
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(id), nonce).setAAD(head)
  const ciphertext = [cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]
  return Buffer.concat([head, nonce, ...ciphertext, cipher.getAuthTag()])
}

/** `undefined` for what is no such file. */
function decrypt(id: string, bytes: Uint8Array): OpenSession | undefined {
  try {
    const cipher = createDecipheriv('aes-256-gcm', keyOf(id), bytes.subarray(8, 20))
    cipher.setAAD(bytes.subarray(0, 8)).setAuthTag(bytes.subarray(-16))
    const text = Buffer.concat([cipher.update(bytes.subarray(20, -16)), cipher.final()]).toString()
    return { ...JSON.parse(text), expires: new Date(expiryOf(bytes)) }
  } catch {
    return undefined
  }
}

function expiryOf(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readDoubleBE(0)
}

function keyOf(id: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', id, '', 'open session', 32))
}
