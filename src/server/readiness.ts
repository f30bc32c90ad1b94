import { type Session, storeReadiness } from '../operations/index.ts'

/** A store that was fine is looked at again after this. */
const looksEveryMs = 10_000

/**
 * Tells whether the server can do its work: the store can be read, a key can be reached, and it is
 * not ending. The store is looked at once in ten seconds, however often somebody asks.
 */
export class Readiness {
  readonly #open: () => Session
  readonly #stop: AbortSignal
  #looked: { readonly atMs: number; readonly problem: Promise<string | undefined> } | undefined
  #ready = false

  /** @param open the store as it is now. */
  constructor(open: () => Session, stop: AbortSignal) {
    this.#open = open
    this.#stop = stop
  }

  get isStopping(): boolean {
    return this.#stop.aborted
  }

  /** True when all was well at the last look. */
  get isReady(): boolean {
    return this.#ready && !this.isStopping
  }

  /** Returns why the server is not ready, without names. `undefined`: it is. */
  async problem(): Promise<string | undefined> {
    if (this.isStopping) return 'the server is shutting down'
    const nowMs = performance.now()
    if (this.#looked === undefined || nowMs - this.#looked.atMs > looksEveryMs)
      this.#looked = { atMs: nowMs, problem: this.#look() }
    return this.#looked.problem
  }

  async #look(): Promise<string | undefined> {
    const problem = await this.#found().catch(() => 'the store cannot be read')
    this.#ready = problem === undefined
    return problem
  }

  async #found(): Promise<string | undefined> {
    const { isKeyReachable, isKeyFileElsewhere } = (await this.#open().perform(storeReadiness, undefined)).result
    if (isKeyFileElsewhere) return 'a part of the store is locked with a key file that this server does not have'
    return isKeyReachable ? undefined : 'no key of the store can be reached'
  }
}
