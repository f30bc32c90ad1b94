import { createHash } from 'node:crypto'
import type { RotatorContext } from '../../rotator.ts'
import { VendorError } from '../../vendor-error.ts'
import type { Login, PairManager, PairServer, PairTiming } from './server.ts'
import type { PairInputs } from './types.ts'

/**
 * One log-in as the managing user for all pairs of a server in a run. Requests take turns on it.
 *
 * A connection that breaks costs nobody an outcome: whoever's request was on it gets the error, as
 * on a connection of his own; whoever comes later gets a new log-in. A request may also meet a
 * connection that has died while it was idle. Both kinds of request can be repeated without harm,
 * so that one is sent once more on a new log-in.
 */
class SharedManager implements PairManager {
  readonly #logIn: () => Promise<PairManager>
  #session: PairManager | undefined
  /** True when the session has answered a request already. */
  #used = false
  /**
   * The refusal of the managing user: asked once, not once for each pair, since
   * servers count failed log-ins.
   */
  #refusal: unknown
  #turn: Promise<unknown> = Promise.resolve()

  constructor(logIn: () => Promise<PairManager>) {
    this.#logIn = logIn
  }

  requireChangeable(inputs: PairInputs, context: RotatorContext): Promise<void> {
    return this.#inTurn((session) => session.requireChangeable(inputs, context))
  }

  setPassword(inputs: PairInputs, user: Login, context: RotatorContext): Promise<void> {
    return this.#inTurn((session) => session.setPassword(inputs, user, context))
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#drop()
  }

  #inTurn<T>(use: (session: PairManager) => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => this.#use(use))
    this.#turn = result.catch(() => {})
    return result
  }

  async #use<T>(use: (session: PairManager) => Promise<T>): Promise<T> {
    const wasUsed = this.#used
    try {
      return await this.#once(use)
    } catch (error) {
      if (!wasUsed || !isBroken(error) || (error as VendorError).vendorCode === 'ETIMEDOUT') throw error
      return this.#once(use)
    }
  }

  async #once<T>(use: (session: PairManager) => Promise<T>): Promise<T> {
    const session = await this.#open()
    try {
      const result = await use(session)
      this.#used = true
      return result
    } catch (error) {
      if (isBroken(error)) await this.#drop()
      throw error
    }
  }

  async #open(): Promise<PairManager> {
    if (this.#refusal !== undefined) throw this.#refusal
    try {
      this.#session ??= await this.#logIn()
      return this.#session
    } catch (error) {
      if (error instanceof VendorError && error.refused) this.#refusal = error
      throw error
    }
  }

  async #drop(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    this.#used = false
    await session?.close()
  }
}

/** Anything but a clear answer: the connection may be gone, or still be at work on the request. */
function isBroken(error: unknown): boolean {
  return error instanceof VendorError && !error.refused
}

/**
 * The manager of a run, or one of the caller's own where the run shares
 * nothing. `release` when done.
 */
export async function managerFor(
  server: PairServer,
  inputs: PairInputs,
  timing: PairTiming,
  { shared }: Pick<RotatorContext, 'shared'>,
): Promise<{ readonly manager: PairManager; readonly release: () => Promise<void> }> {
  const logIn = () => server.connectManager(inputs, timing)
  if (shared === undefined) {
    const manager = await logIn()
    return { manager, release: () => manager.close() }
  }
  const { host, port, database, managingUser, tls } = inputs.database
  const login = [managingUser.username, managingUser.password?.reveal() ?? null]
  // A secret does not show in JSON.
  const shown = tls && { ...tls, key: tls.key?.reveal(), passphrase: tls.passphrase?.reveal() }
  const digest = createHash('sha256')
    .update(JSON.stringify([host, port, database, shown ?? null, ...login]))
    .digest('hex')
  return { manager: shared.of(`${server.name} ${digest}`, () => new SharedManager(logIn)), release: async () => {} }
}
