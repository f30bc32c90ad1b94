import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'
import { type Entries, type EntryKind, serverEntries } from '../../store/index.ts'
import type { Session } from '../session/session.ts'

/** A text that a server keeps until its time is over. */
export interface KeptText {
  readonly text: string
  readonly expires: Date
}

/**
 * Texts that are kept encrypted under keys made from their ids of 128 random bits, each under the
 * digest of its id: whoever has the entries alone reads nothing. With the id, every server of the
 * store reads them.
 */
export class EncryptedEntries {
  readonly #entries: Entries
  readonly #purpose: string
  readonly #now: () => Date

  /** @param purpose keeps a text of one kind from being taken for one of another. */
  constructor(entries: Entries, purpose: string, now: () => Date) {
    this.#entries = entries
    this.#purpose = purpose
    this.#now = now
  }

  /** Keeps a text, and returns its id. */
  async keep(text: string, expires: Date): Promise<string> {
    const id = randomBytes(16).toString('hex')
    await this.replace(id, { text, expires })
    return id
  }

  /** Keeps another text under the same id. */
  async replace(id: string, kept: KeptText): Promise<void> {
    const times = { ends: kept.expires, touched: this.#now() }
    await this.#entries.put(keyOf(id), encrypt(this.#secret(id), kept), times)
  }

  /** The text with an id. `undefined`: there is none, or its time is over. */
  async read(id: string): Promise<KeptText | undefined> {
    return isId(id) ? this.#current(id, (await this.#entries.get(keyOf(id)))?.content) : undefined
  }

  /** Reads a text and removes it: of several who try, one gets it. */
  async take(id: string): Promise<KeptText | undefined> {
    return isId(id) ? this.#current(id, (await this.#entries.take(keyOf(id)))?.content) : undefined
  }

  async end(id: string): Promise<void> {
    if (isId(id)) await this.#entries.remove(keyOf(id))
  }

  count(): Promise<number> {
    return this.#entries.count()
  }

  /** Removes texts whose time is over. */
  sweep(): Promise<void> {
    return this.#entries.sweep(this.#now())
  }

  #current(id: string, content: Uint8Array | undefined): KeptText | undefined {
    const kept = content && decrypt(this.#secret(id), content)
    return kept !== undefined && kept.expires > this.#now() ? kept : undefined
  }

  #secret(id: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', id, '', this.#purpose, 32))
  }
}

/** The texts of one kind that the servers of a store keep. */
export function encryptedEntriesOf(
  { workspace }: Session,
  kind: Exclude<EntryKind, 'token'>,
  now: () => Date,
): EncryptedEntries {
  return new EncryptedEntries(serverEntries(workspace.store, kind, expiryOf), kind.replaceAll('-', ' '), now)
}

function isId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

function keyOf(id: string): string {
  return hash('sha256', id, 'hex')
}

/**
 * Milliseconds since 1970 (8 bytes), which are authenticated, nonce (12), ciphertext, tag (16).
 */
function encrypt(secret: Uint8Array, { expires, text }: KeptText): Uint8Array {
  const head = Buffer.alloc(8)
  head.writeDoubleBE(expires.getTime())
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(head)
  const ciphertext = [cipher.update(text, 'utf8'), cipher.final()]
  return Buffer.concat([head, nonce, ...ciphertext, cipher.getAuthTag()])
}

/** `undefined` for what was not made by `encrypt` with the same secret. */
function decrypt(secret: Uint8Array, bytes: Uint8Array): KeptText | undefined {
  try {
    const cipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(8, 20), { authTagLength: 16 })
    cipher.setAAD(bytes.subarray(0, 8)).setAuthTag(bytes.subarray(-16))
    const text = Buffer.concat([cipher.update(bytes.subarray(20, -16)), cipher.final()]).toString()
    return { text, expires: new Date(expiryOf(bytes)) }
  } catch {
    return undefined
  }
}

function expiryOf(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readDoubleBE(0)
}
