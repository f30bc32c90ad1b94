import { EscError } from '../../../errors.ts'
import { rich } from '../../../rich-text.ts'
import type { Secret } from '../../../secret.ts'
import { retargetHint } from '../../another-target.ts'
import { checkLogin, inconclusive, type LoginOutcome, logInPatiently } from '../../log-in.ts'
import { newPassword } from '../../new-password.ts'
import type {
  CredentialCheck,
  PlanStep,
  Reconciled,
  ReconcileRequest,
  RotationRequest,
  RotatorContext,
} from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { VendorError } from '../../vendor-error.ts'
import { openConnector, sendOrder } from './connector.ts'
import { decidePair, requireUserPair } from './decide.ts'
import type { Login, PairServer, PairTiming } from './server.ts'
import { managerFor } from './shared-manager.ts'
import type { PairInputs, PairPending, PairPlan, PairState } from './types.ts'

/**
 * The way in which the password of a user is set: as the managing user, or by somebody nearer to
 * the server.
 */
interface Way {
  /** Setting the same one again does no harm. `replaced`: so far, where it is known. */
  setPassword(user: Login, replaced: Secret<string> | undefined): Promise<void>
  close(): Promise<void>
}

type Request = RotationRequest<PairInputs, PairState>

/** Does the work of each call: one kind of server, and how long it is waited for. */
export class UserPair {
  readonly #server: PairServer
  readonly #timing: PairTiming

  constructor(server: PairServer, timing: PairTiming) {
    this.#server = server
    this.#timing = timing
  }

  target(inputs: PairInputs): string {
    const { host, port } = inputs.database
    const { username1, username2 } = inputs.rotateUsers
    const accountHost = this.#server.accountHost(inputs)
    const parts = [host.toLowerCase(), port, ...[username1, username2].sort(), ...(accountHost ? [accountHost] : [])]
    return `${this.#server.name} ${JSON.stringify(parts)}`
  }

  async plan({ inputs, state }: Request, context: RotatorContext): Promise<PairPlan> {
    const { database } = inputs
    requireUserPair(this.#server.name, inputs, state)
    const through = await this.#preflight(inputs, context)
    const { username, replaced, kept } = decidePair(inputs, state)
    const steps: PlanStep[] = [
      {
        action: 'change',
        what: `password of ${this.#server.noun} "${username}" on ${place(database)}${through}${replaced === undefined ? '' : ' (previous)'}`,
      },
    ]
    if (kept !== undefined) {
      steps.push({
        action: 'keep',
        what: `password of ${this.#server.noun} "${kept.username}" on ${place(database)} (becomes previous)`,
      })
    }
    return { steps, username, ...(replaced !== undefined && { replaced }) }
  }

  async rotate(
    { username, replaced }: PairPlan,
    { inputs }: Request,
    stage: (pending: PairPending) => Promise<void>,
    context: RotatorContext,
  ): Promise<void> {
    const { host, port, connector } = inputs.database
    const password = newPassword(context.random)
    const accountHost = this.#server.accountHost(inputs)
    const way = await this.#openWay(inputs, context)
    try {
      const pending = {
        host,
        port,
        username,
        ...(accountHost !== undefined && { accountHost }),
        password,
        ...(replaced !== undefined && { replaced }),
      }
      await stage(pending)
      if (connector === undefined) return await way.setPassword({ username, password }, replaced)
      // Where no log-in from here can tell, the answer is the one proof there is.
      try {
        await way.setPassword({ username, password }, replaced)
      } catch (error) {
        if (error instanceof VendorError && error.refused) await stage({ ...pending, refused: error.reason })
        throw error
      }
      await stage({ ...pending, confirmed: true })
    } finally {
      await way.close()
    }
  }

  async reconcile(
    pending: PairPending,
    request: ReconcileRequest<PairInputs, PairState>,
    context: RotatorContext,
  ): Promise<Reconciled<PairState>> {
    const { inputs, state } = request
    // An earlier run committed it and died before it cleared its record.
    if (state !== undefined && holds(state, pending)) return { kind: 'rotated', state }
    if (pending.refused !== undefined) return this.#undone(pending.refused)
    this.#requireSameTarget(pending, inputs)
    const first = await this.#logIn(inputs, pending)
    if (first.kind === 'works' && !request.movedOn) return rotated(pending, request)
    if (request.movedOn || hasMovedOn(pending, request)) {
      if (request.movedOn && !isNotSet(first)) await this.#putBack(pending, request, context)
      return this.#undone(
        `the password of ${this.#server.noun} "${pending.username}" was rotated by somebody else since; theirs is kept`,
      )
    }
    if (pending.confirmed && first.kind === 'inconclusive')
      return this.#untried(pending, first.reason, request, context)
    return this.#setAgain(pending, request, first, context)
  }

  async check({ inputs, state }: Request): Promise<readonly CredentialCheck[]> {
    const users = { current: state?.current, previous: state?.previous }
    return Promise.all(
      (['current', 'previous'] as const).flatMap((credential) => {
        const user = users[credential]
        if (user === undefined) return []
        const what = `password of ${this.#server.noun} "${user.username}" on ${place(inputs.database)}`
        const wrong = `refused at log-in (${this.#server.wrongPassword})`
        return [checkLogin({ credential, what, wrong, logIn: () => this.#logIn(inputs, user) })]
      }),
    )
  }

  /** Returns how the plan names the way, where that is not the direct one. */
  async #preflight(inputs: PairInputs, context: RotatorContext): Promise<string> {
    const { connector } = inputs.database
    if (connector !== undefined) {
      const link = await openConnector(connector, { rotator: this.#server.name, now: context.now })
      try {
        await link.probe()
      } finally {
        link.close()
      }
      return `, through ${link.label}`
    }
    const { manager, release } = await managerFor(this.#server, inputs, this.#timing, context)
    try {
      await manager.requireChangeable(inputs, context)
    } finally {
      await release()
    }
    return ''
  }

  async #openWay(inputs: PairInputs, context: RotatorContext): Promise<Way> {
    const { connector, host, port, database, managingUser } = inputs.database
    if (connector === undefined) {
      const { manager, release } = await managerFor(this.#server, inputs, this.#timing, context)
      return { setPassword: (user) => manager.setPassword(inputs, user, context), close: release }
    }
    const type = this.#server.name
    const link = await openConnector(connector, { rotator: type, now: context.now })
    return {
      setPassword({ username, password: newPassword }, password) {
        const rotateUser = { username, password, newPassword }
        return sendOrder(link, { type, host, port, database, managingUser, rotateUser })
      },
      close: async () => link.close(),
    }
  }

  /**
   * Where a connector is needed, a server out of reach is what one expects,
   * and nothing to fail for.
   */
  async #logIn(inputs: PairInputs, user: Login): Promise<LoginOutcome> {
    if (inputs.database.connector === undefined) return this.#server.tryLogin(inputs, user, this.#timing)
    try {
      return await this.#server.tryLogin(inputs, user, {
        ...this.#timing,
        connectMs: Math.min(this.#timing.connectMs, this.#timing.probeMs),
      })
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      return inconclusive(error.reason)
    }
  }

  /**
   * The user has, or may have, the recorded password, while the history has gone on: it gets the
   * one that the state says.
   */
  async #putBack(
    { username, password }: PairPending,
    { inputs, state }: ReconcileRequest<PairInputs, PairState>,
    context: RotatorContext,
  ): Promise<void> {
    const known = [state?.current, state?.previous].find((user) => user?.username === username)
    if (known === undefined) {
      context.warn(
        `${this.#server.noun} "${username}", which the state does not name, has a password that the next rotation replaces`,
      )
      return
    }
    const way = await this.#openWay(inputs, context)
    try {
      await way.setPassword(known, password)
    } catch (error) {
      // Where no log-in could tell, the user may well have it already.
      if (!(error instanceof VendorError && error.refused)) throw error
      context.warn(
        `the password of ${this.#server.noun} "${username}" could not be set to the one in the state: ${error.message}`,
      )
    } finally {
      await way.close()
    }
  }

  /** Not set, or set and not to be proven by a log-in. */
  async #setAgain(
    pending: PairPending,
    request: Request,
    before: LoginOutcome,
    context: RotatorContext,
  ): Promise<Reconciled<PairState>> {
    const { inputs } = request
    const { username, replaced } = pending
    const way = await this.#openWay(inputs, context)
    try {
      try {
        await way.setPassword(pending, replaced)
      } catch (error) {
        if (isNotSet(before) && error instanceof VendorError && error.refused) return this.#undone(error.reason)
        throw error
      }
      const after = await logInPatiently(() => this.#logIn(inputs, pending), {
        verifyWaitsMs: this.#timing.verifyWaitsMs,
        context,
        waitingFor: `${place(inputs.database)} to accept the new password of ${this.#server.noun} "${username}"`,
      })
      if (after.kind === 'works') return rotated(pending, request)
      if (after.kind === 'inconclusive') return this.#untried(pending, after.reason, request, context)
      const by = after.by === undefined ? `at log-in (${this.#server.wrongPassword})` : `by ${after.by}`
      const refused = `the new password of ${this.#server.noun} "${username}" was set but is refused ${by}`
      const elsewhere =
        after.by === undefined ? '' : ': let `database` name the server itself, or let the pooler ask it (auth_query)'
      if (replaced === undefined) {
        // Nothing to set back, and the user has no other password by now: the record must not go.
        throw new EscError(
          'rotation_failed',
          `${this.#server.name}: ${refused}, and its former password is not known here`,
          {
            hint: `find out why the user cannot log in from here, and run again${elsewhere}`,
          },
        )
      }
      await way.setPassword({ username, password: replaced }, pending.password)
      return this.#undone(`${refused}; its former password was set back${elsewhere}`)
    } finally {
      await way.close()
    }
  }

  #untried(pending: PairPending, reason: string, request: Request, context: RotatorContext): Reconciled<PairState> {
    context.warn(
      `the new password of ${this.#server.noun} "${pending.username}" is set but could not be tried: ${reason}`,
    )
    return rotated(pending, request)
  }

  #undone(reason: string): Reconciled<PairState> {
    return { kind: 'undone', reason: `${this.#server.name}: ${reason}` }
  }

  /**
   * The users are the same ones, so they keep their names; where the server and the host part of
   * the account are may have changed.
   */
  retarget(pending: PairPending, inputs: PairInputs): PairPending {
    const { host, port } = inputs.database
    const accountHost = this.#server.accountHost(inputs)
    const moved = { ...pending, host, port, ...(accountHost !== undefined && { accountHost }) }
    this.#requireSameTarget(moved, inputs)
    return moved
  }

  /**
   * Setting the password again must not reach another server or account than the
   * one that was begun with.
   */
  #requireSameTarget({ host, port, username, accountHost }: PairPending, inputs: PairInputs): void {
    const { database, rotateUsers } = inputs
    const named = username === rotateUsers.username1 || username === rotateUsers.username2
    const same = host === database.host && port === database.port && accountHost === this.#server.accountHost(inputs)
    if (same && named) return
    throw new EscError(
      'conflict',
      `${this.#server.name}: an interrupted rotation concerns ${this.#server.noun} "${username}" on ${place({ host, port })}, which \`database\` and \`rotateUsers\` no longer name`,
      { hint: rich`put them back as they were and run again; ${retargetHint}` },
    )
  }
}

/** True when a log-in has shown that the server does not have the password. */
function isNotSet(outcome: LoginOutcome): boolean {
  return outcome.kind === 'wrong' && outcome.by === undefined
}

function rotated({ username, password }: PairPending, { inputs, state }: Request): Reconciled<PairState> {
  const { username1, username2 } = inputs.rotateUsers
  const other = username === username1 ? username2 : username1
  const previous = [state?.current, state?.previous].find((user) => user?.username === other)
  return { kind: 'rotated', state: { current: { username, password }, ...(previous !== undefined && { previous }) } }
}

function holds({ current, previous }: PairState, { username, password }: PairPending): boolean {
  return [current, previous].some((user) => user?.username === username && user.password.reveal() === password.reveal())
}

/**
 * True when the state is no longer the one the record was made for: another clone has
 * rotated this pair since.
 */
function hasMovedOn({ username, replaced }: PairPending, { inputs, state }: Request): boolean {
  const next = decidePair(inputs, state)
  return next.username !== username || next.replaced?.reveal() !== replaced?.reveal()
}
