import type { Json } from '../../src/json.ts'
import type { DataKey } from '../../src/keys/index.ts'
import type { JournalEntry } from '../../src/rotation/journal-entry.ts'
import { Secret } from '../../src/secret.ts'
import type { MemoryFiles } from '../files/memory-files.ts'
import { pairUsers } from './model-rotators.ts'
import { nameOf, Observer, type SeenCredential, type SeenRevision, type SeenRotator } from './observer.ts'
import type { RotatorKind } from './schedule.ts'
import { environmentName } from './setup.ts'
import { canary, type TokenAccount, type UserServer, type Vendors } from './vendors.ts'

/** Something that may never be. */
export class Violation extends Error {}

export const hosts = ['A', 'B'] as const

/**
 * Knows what must be true of the store and the vendors, whatever happened, and looks whether it is.
 */
export class Ledger {
  readonly #observer: Observer
  readonly #vendors: Vendors
  readonly #rotators: Readonly<Record<string, RotatorKind>>
  /** Every revision file that was seen, by number. */
  #history: Uint8Array[] = []
  /** The newest revision somebody was told is saved. */
  #acknowledged = 0
  /** The same, when the history was last looked at. */
  #acknowledgedThen = 0
  /** Credentials that a person has ended, by their secret: nobody can expect those to work. */
  readonly #ended = new Set<string>()
  /** Set by a person: not ours to know. */
  readonly #setByHand = new Set<string>()
  /** States that an edit has removed; their credentials are known to the history. */
  readonly #remembered = new Map<string, SeenRotator[]>()
  /** Ids of tokens whose state a person has thrown away: foreign from then on. */
  readonly #abandoned = new Set<string>()
  /**
   * The `current` of states whose next rotation has begun: their `previous` may end from then on.
   */
  readonly #begun = new Set<string | undefined>()
  #lastWrite: Uint8Array | undefined

  constructor(options: {
    readonly disk: MemoryFiles
    readonly vendors: Vendors
    readonly rotators: Readonly<Record<string, RotatorKind>>
    readonly environment: { readonly id: string; readonly key: DataKey }
  }) {
    this.#observer = new Observer(options.disk, { name: environmentName, ...options.environment })
    this.#vendors = options.vendors
    this.#rotators = options.rotators
  }

  newest(): SeenRevision {
    return this.#observer.newest()
  }

  definition(): string {
    return this.#observer.definition()
  }

  /** The value at a key as the definition has it, ciphertexts and all. */
  block(key: string): Json {
    return this.#observer.block(key)
  }

  journal(host: string): readonly JournalEntry[] {
    return this.#observer.journal(host)
  }

  /** Changes with every change of a credential, a revision or the journal. */
  fingerprint(): string {
    const tokens = [...this.#vendors.accounts.values()].map(({ tokens }) => [...tokens.keys()])
    const passwords = [...this.#vendors.servers.values()].map(({ passwords }) => [...passwords])
    return JSON.stringify([this.#observer.newestNumber(), tokens, passwords, hosts.map((host) => this.journal(host))])
  }

  // What people and runs tell us.

  acknowledge(revision: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, revision)
  }

  begin(inputs: { readonly account?: unknown; readonly server?: unknown }): void {
    const name = String(inputs.account ?? inputs.server ?? '').replace(/-alt$/, '')
    this.#begun.add(this.#currentOf(name))
  }

  remember(name: string, rotator: SeenRotator): void {
    const list = this.#remembered.get(name) ?? []
    this.#remembered.set(name, [...list, rotator])
  }

  moved(_from: string, _to: string): void {}

  abandon(name: string): void {
    for (const { state } of this.#remembered.get(name) ?? []) {
      for (const each of [state?.current, state?.previous]) {
        const id = nameOf(each)
        if (id !== undefined) this.#abandoned.add(id)
      }
    }
  }

  removeByHand(account: TokenAccount, id: string): void {
    const token = account.tokens.get(id)
    if (token) this.#ended.add(token.secret)
    this.#vendors.remove(account, id)
  }

  /** A person tidies up: tokens that are not ours, or no longer. */
  removeForeign(name: string, { unknown = false } = {}): void {
    const known = this.#known(name)
    for (const account of this.#accountsOf(name)) {
      const inState = this.#named(name)
      for (const token of [...account.tokens.values()]) {
        const abandoned = this.#abandoned.has(token.id) && !inState.has(token.secret)
        if (token.foreign || abandoned || (unknown && !known.has(token.secret))) this.removeByHand(account, token.id)
      }
    }
  }

  resetPassword(server: UserServer, user: string): void {
    const before = server.passwords.get(user)
    if (before !== undefined) this.#ended.add(before)
    const password = this.#vendors.newSecret()
    this.#setByHand.add(password)
    this.#vendors.setPassword(server, user, password)
  }

  // What must be true.

  /** No plaintext in any file. */
  inspectWrite(bytes: Uint8Array): void {
    const last = this.#lastWrite
    this.#lastWrite = bytes
    // The rest of a write that came up short.
    if (last?.buffer === bytes.buffer && bytes.byteOffset > last.byteOffset) return
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const form of plaintextForms) if (buffer.includes(form)) throw new Violation(`plaintext on disk: ${buffer}`)
    if (/(?:\xc2[\xa7\xb6]){4}/.test(buffer.toString('latin1'))) throw new Violation(`plaintext on disk: ${buffer}`)
  }

  /** A foreign credential is never touched, nor the one that consumers hold as `current`. */
  checkRemoval(where: string, id: string, secret: string): void {
    const token = this.#vendors.accounts.get(where)?.tokens.get(id)
    if (token?.foreign) throw new Violation(`the foreign token ${id} was removed`)
    if (token && this.#abandoned.has(id)) throw new Violation(`the token ${id}, no longer ours, was removed`)
    const name = where.replace(/-alt$/, '')
    if (this.#currentOf(name) === secret) throw new Violation(`the current credential of ${name} (${id}) was ended`)
  }

  /**
   * Who holds what the newest revision calls `current` can log in; and `previous` until the next
   * rotation begins.
   */
  checkConsumers(): void {
    for (const [key, { state, inputs, rotator }] of this.newest()) {
      if (state === undefined || rotator === 'password') continue
      const current = secretOf(state.current)
      if (!this.#ended.has(current) && !this.#logsIn(inputs, state, state.current)) {
        throw new Violation(`${key}: current does not log in`)
      }
      if (this.#begun.has(current)) continue
      if (state.previous === undefined || this.#ended.has(secretOf(state.previous))) continue
      if (!this.#logsIn(inputs, state, state.previous)) {
        throw new Violation(`${key}: previous does not log in, and no rotation has begun`)
      }
    }
  }

  /**
   * Revisions are contiguous and never change; only one that nobody was told of may go when power
   * is lost.
   */
  checkHistory(powerWasLost: boolean): void {
    const files = this.#observer.revisionFiles()
    const gap = files.indexOf(undefined)
    if (gap >= 0) throw new Violation(`revision ${gap + 1} is missing`)
    if (files.length < this.#acknowledged) throw new Violation(`revision ${this.#acknowledged} was saved, and is gone`)
    if (files.length < this.#history.length && !powerWasLost) throw new Violation('a revision is gone')
    const common = Math.min(files.length, this.#history.length)
    for (let index = 0; index < common; index++) {
      if (files[index] !== this.#history[index] && Buffer.compare(files[index]!, this.#history[index]!) !== 0) {
        if (powerWasLost && index >= this.#acknowledgedThen) break
        throw new Violation(`revision ${index + 1} has changed`)
      }
    }
    this.#history = files as Uint8Array[]
    this.#acknowledgedThen = this.#acknowledged
  }

  /** Every credential that exists because of us is in a committed revision or in a journal. */
  checkNothingLost(): void {
    for (const name of Object.keys(this.#rotators)) {
      const known = this.#known(name)
      const entries = this.#entriesOf(name)
      for (const account of this.#accountsOf(name)) {
        for (const token of account.tokens.values()) {
          if (token.foreign || this.#abandoned.has(token.id) || known.has(token.secret)) continue
          // Its secret never arrived, or not yet: the record of the intent is what finds it again.
          const intended = entries.some(({ pending }) => {
            const record = pending as { phase?: string; account?: string; seen?: readonly string[] } | undefined
            return record?.phase === 'creating' && record.account === account.name && !record.seen?.includes(token.id)
          })
          if (!intended) throw new Violation(`token ${token.id} of ${name} is live, and nobody knows it`)
        }
      }
      for (const server of this.#serversOf(name)) {
        for (const [user, password] of server.passwords) {
          if (this.#setByHand.has(password) || known.has(password)) continue
          throw new Violation(`nobody knows the password of ${user} of ${name}`)
        }
      }
    }
  }

  /** At rest: nothing is live but what the newest revision says, and all of that logs in. */
  checkAgreement(): void {
    for (const [name, kind] of Object.entries(this.#rotators)) {
      const rotator = this.newest().get(name)
      if (rotator?.state === undefined) throw new Violation(`${name} has no state`)
      if (kind === 'password') continue
      const known = this.#named(name)
      for (const account of this.#accountsOf(name)) {
        for (const { id, secret } of account.tokens.values()) {
          if (!known.has(secret)) throw new Violation(`token ${id} of ${name} is left over`)
        }
      }
      const { inputs, state } = rotator
      for (const each of [state.current, state.previous]) {
        if (each === undefined || this.#ended.has(secretOf(each))) continue
        if (!this.#logsIn(inputs, state, each)) throw new Violation(`${name}: ${nameOf(each)} does not log in`)
      }
    }
  }

  #logsIn(inputs: { server?: string }, state: { account?: string }, credential: SeenCredential): boolean {
    if (typeof credential === 'string') return false
    if ('username' in credential) {
      const server = this.#vendors.servers.get(inputs.server ?? '')
      return server?.passwords.get(credential.username) === credential.password
    }
    const token = this.#vendors.accounts.get(state.account ?? '')?.tokens.get(credential.id)
    return token !== undefined && token.secret === credential.token && token.knownFromMs <= this.#vendors.timeline.nowMs
  }

  #seen(name: string): SeenRotator | undefined {
    const newest = this.newest()
    return newest.get(name) ?? newest.get(`${name}_moved`)
  }

  #currentOf(name: string): string | undefined {
    const current = this.#seen(name)?.state?.current
    return current && secretOf(current)
  }

  /** Secrets that the newest revision names. */
  #named(name: string): Set<string> {
    const state = this.#seen(name)?.state
    return new Set([state?.current, state?.previous].filter((each) => each !== undefined).map(secretOf))
  }

  #known(name: string): Set<string> {
    const known = this.#named(name)
    for (const { state } of this.#remembered.get(name) ?? []) {
      for (const each of [state?.current, state?.previous]) if (each) known.add(secretOf(each))
    }
    for (const entry of this.#entriesOf(name))
      for (const text of secretsIn([entry.pending, ...entry.superseded])) known.add(text)
    return known
  }

  #entriesOf(name: string): JournalEntry[] {
    const paths = [`values.${name}`, `values.${name}_moved`]
    return hosts.flatMap((host) => this.journal(host)).filter(({ path }) => paths.includes(path))
  }

  #accountsOf(name: string): TokenAccount[] {
    return [name, `${name}-alt`].flatMap((place) => this.#vendors.accounts.get(place) ?? [])
  }

  #serversOf(name: string): UserServer[] {
    return [name, `${name}-alt`].flatMap((place) => this.#vendors.servers.get(place) ?? [])
  }
}

/**
 * The canary in the clear, and in base64 at each of its three alignments: enough of it that chance
 * does not make it.
 */
const plaintextForms = [
  canary,
  ...[0, 1, 2].map((shift) => {
    const wholeGroups = 4 * Math.floor((shift + canary.length) / 3)
    return Buffer.from('x'.repeat(shift) + canary)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, wholeGroups)
  }),
]

function secretOf(credential: SeenCredential): string {
  if (typeof credential === 'string') return credential
  return 'token' in credential ? credential.token : credential.password
}

function* secretsIn(value: unknown): Generator<string> {
  if (value instanceof Secret) yield String(value.reveal())
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* secretsIn(member)
}

export { pairUsers }
