import type { Account } from '../../mysql-server/facts.ts'
import type { PairTiming } from '../../pair/kit/index.ts'
import type { RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import type { KeeperSession } from '../kit/index.ts'
import type { AccountSession } from './account-session.ts'
import { foreignMethods } from './methods.ts'
import { reconcileMySql } from './reconcile.ts'
import type { DualUser, MySqlDualInputs, MySqlDualPending, MySqlDualState } from './types.ts'

interface DualSessionRequest {
  readonly inputs: MySqlDualInputs
  readonly timing: PairTiming
  readonly context: RotatorContext
}

/** The passwords of one account. */
export class DualKeeper implements KeeperSession<DualUser, MySqlDualPending, MySqlDualInputs, MySqlDualState> {
  readonly reconcile: KeeperSession<DualUser, MySqlDualPending, MySqlDualInputs, MySqlDualState>['reconcile']
  /** MySQL has let go of what is superseded by itself. */
  readonly forgets: boolean
  readonly #session: AccountSession
  readonly #request: DualSessionRequest

  constructor(session: AccountSession, request: DualSessionRequest) {
    const { timing, context } = request
    this.#session = session
    this.#request = request
    this.forgets = session.facts.flavor === 'mysql'
    this.reconcile =
      session.facts.flavor === 'mysql'
        ? (pending, request) => reconcileMySql({ session, timing, context }, pending, request)
        : undefined
  }

  get flavor() {
    return this.#session.facts.flavor
  }

  /** Throws where a second password could not be added or would prove nothing. */
  requireUsable(context = this.#request.context): Promise<Account> {
    return this.#session.requireUsable(context)
  }

  lock(): Promise<void> {
    return this.#session.lock()
  }

  has({ password }: DualUser): Promise<boolean> {
    return this.#session.hasPassword(password)
  }

  add({ password }: DualUser): Promise<void> {
    return this.flavor === 'mariadb' ? this.#session.addPassword(password) : this.#session.setRetaining(password)
  }

  async remove(users: readonly DualUser[]): Promise<void> {
    const { username } = this.#request.inputs.rotateUser
    const passwords = users.filter((user) => user.username === username).map(({ password }) => password)
    if (passwords.length > 0) await this.#session.removePasswords(passwords)
  }

  async listForeign(state: MySqlDualState | undefined): Promise<readonly string[]> {
    const { inputs, context } = this.#request
    const found = await this.requireUsable({ ...context, warn: () => {} })
    // What MySQL shows of an account does not tell its two passwords apart.
    if (this.flavor !== 'mariadb' || found.kind !== 'found') return []
    const foreign = await foreignMethods(found.methods, state)
    return foreign.map(
      ({ plugin }) => `another way in (${plugin}) of user "${inputs.rotateUser.username}" on ${place(inputs.database)}`,
    )
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}
