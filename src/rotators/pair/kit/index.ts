import { EscError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import { retargetHint } from '../../another-target.ts'
import { checkLogin, inconclusive, type LoginOutcome, logInPatiently } from '../../log-in.ts'
import { madeReady } from '../../made-ready.ts'
import { newPassword } from '../../new-password.ts'
import type { PlanStep, RotationRequest, Rotator, RotatorContext, Settled, SettleRequest } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { VendorError } from '../../vendor-error.ts'
import { openConnector, sendOrder } from './connector.ts'
import { decidePair, requireUserPair } from './decide.ts'
import { type Login, type PairServer, type PairTiming, pairTiming } from './server.ts'
import { managerFor } from './shared-manager.ts'
import {
  outputsSchema,
  type PairInputs,
  type PairPending,
  type PairPlan,
  type PairState,
  stateSchema,
} from './types.ts'

export { type PairServer, type PairTiming, pairTiming } from './server.ts'
export type { PairInputs, PairPending, PairPlan, PairState } from './types.ts'

/** How the password of a user is set: as the managing user, or by somebody nearer to the server. */
interface Way {
  /** Setting the same one again does no harm. `replaced`: so far, where it is known. */
  setPassword(user: Login, replaced: Secret<string> | undefined): Promise<void>
  close(): Promise<void>
}

type Request = RotationRequest<PairInputs, PairState>

/**
 * Rotates a pair of users: each rotation gives the one held in `previous` a new password, and it
 * becomes `current`; the other keeps its own.
 *
 * The password is staged before it is set, so after a crash it is simply set once more:
 * unlike taking it back, that is safe even when a statement of the killed run is still
 * on its way to the server.
 */
export function userPairRotator(
  server: PairServer,
  timing: PairTiming = pairTiming,
): Rotator<PairInputs, PairState, PairPending, PairPlan> {
  const { name, noun } = server
  const rotator: Rotator<PairInputs, PairState, PairPending, PairPlan> = {
    name,
    description: server.description,
    inputs: server.inputs,
    state: stateSchema,
    outputs: outputsSchema,

    open: (state) => state,

    target(inputs) {
      const { host, port } = inputs.database
      const { username1, username2 } = inputs.rotateUsers
      const accountHost = server.accountHost(inputs)
      const parts = [host.toLowerCase(), port, ...[username1, username2].sort(), ...(accountHost ? [accountHost] : [])]
      return `${name} ${JSON.stringify(parts)}`
    },

    async plan({ inputs, state }, context) {
      const { database } = inputs
      requireUserPair(name, inputs, state)
      const through = await preflight(inputs, context)
      const { username, replaced, kept } = decidePair(inputs, state)
      const steps: PlanStep[] = [
        {
          action: 'change',
          what: `password of ${noun} "${username}" on ${place(database)}${through}${replaced === undefined ? '' : ' (previous)'}`,
        },
      ]
      if (kept !== undefined) {
        steps.push({
          action: 'keep',
          what: `password of ${noun} "${kept.username}" on ${place(database)} (becomes previous)`,
        })
      }
      return { steps, username, ...(replaced !== undefined && { replaced }) }
    },

    async rotate({ username, replaced }, { inputs }, stage, context) {
      const { host, port, connector } = inputs.database
      const password = newPassword(context.random)
      const accountHost = server.accountHost(inputs)
      const way = await openWay(inputs, context)
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
          if (error instanceof VendorError && error.refused) await stage({ ...pending, refused: error.message })
          throw error
        }
        await stage({ ...pending, confirmed: true })
      } finally {
        await way.close()
      }
    },

    retarget,

    async settle(pending, request, context) {
      const { inputs, state } = request
      // An earlier run committed it and died before it cleared its record.
      if (state !== undefined && holds(state, pending)) return { kind: 'rotated', state }
      if (pending.refused !== undefined) return undone(pending.refused)
      requireSameTarget(pending, inputs)
      const first = await logIn(inputs, pending)
      if (first.kind === 'works' && !request.movedOn) return rotated(pending, request)
      if (request.movedOn || hasMovedOn(pending, request)) {
        if (request.movedOn && !isNotSet(first)) await putBack(pending, request, context)
        return undone(
          `the password of ${noun} "${pending.username}" was rotated by somebody else since; theirs is kept`,
        )
      }
      if (pending.confirmed && first.kind === 'inconclusive') return untried(pending, first.reason, request, context)
      return setAgain(pending, request, first, context)
    },

    async check({ inputs, state }) {
      const users = { current: state?.current, previous: state?.previous }
      return Promise.all(
        (['current', 'previous'] as const).flatMap((credential) => {
          const user = users[credential]
          if (user === undefined) return []
          const what = `password of ${noun} "${user.username}" on ${place(inputs.database)}`
          const wrong = `refused at log-in (${server.wrongPassword})`
          return [checkLogin({ credential, what, wrong, logIn: () => logIn(inputs, user) })]
        }),
      )
    },
  }
  return madeReady(rotator, { tls: ['database.tls', 'database.connector.https.tls'], host: 'database.host' })

  /** Returns how the plan names the way, where that is not the direct one. */
  async function preflight(inputs: PairInputs, context: RotatorContext): Promise<string> {
    const { connector } = inputs.database
    if (connector !== undefined) {
      const link = await openConnector(connector, { rotator: name, now: context.now })
      try {
        await link.probe()
      } finally {
        link.close()
      }
      return `, through ${link.label}`
    }
    const { manager, release } = await managerFor(server, inputs, timing, context)
    try {
      await manager.requireChangeable(inputs, context)
    } finally {
      await release()
    }
    return ''
  }

  async function openWay(inputs: PairInputs, context: RotatorContext): Promise<Way> {
    const { connector, host, port, database, managingUser } = inputs.database
    if (connector === undefined) {
      const { manager, release } = await managerFor(server, inputs, timing, context)
      return { setPassword: (user) => manager.setPassword(inputs, user, context), close: release }
    }
    const link = await openConnector(connector, { rotator: name, now: context.now })
    return {
      setPassword({ username, password: newPassword }, password) {
        const rotateUser = { username, password, newPassword }
        return sendOrder(link, { type: name, host, port, database, managingUser, rotateUser })
      },
      close: async () => link.close(),
    }
  }

  /**
   * Where a connector is needed, a server out of reach is what one expects,
   * and nothing to fail for.
   */
  async function logIn(inputs: PairInputs, user: Login): Promise<LoginOutcome> {
    if (inputs.database.connector === undefined) return server.tryLogin(inputs, user, timing)
    try {
      return await server.tryLogin(inputs, user, { ...timing, connectMs: Math.min(timing.connectMs, timing.probeMs) })
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      return inconclusive(error.message.replace(`${name}: `, ''))
    }
  }

  /**
   * The user has, or may have, the recorded password, while the history has gone on: it gets the
   * one that the state says.
   */
  async function putBack(
    { username, password }: PairPending,
    { inputs, state }: SettleRequest<PairInputs, PairState>,
    context: RotatorContext,
  ): Promise<void> {
    const known = [state?.current, state?.previous].find((user) => user?.username === username)
    if (known === undefined) {
      context.warn(
        `${noun} "${username}", which the state does not name, has a password that the next rotation replaces`,
      )
      return
    }
    const way = await openWay(inputs, context)
    try {
      await way.setPassword(known, password)
    } catch (error) {
      // Where no log-in could tell, the user may well have it already.
      if (!(error instanceof VendorError && error.refused)) throw error
      context.warn(`the password of ${noun} "${username}" could not be set to the one in the state: ${error.message}`)
    } finally {
      await way.close()
    }
  }

  /** Not set, or set and not to be proven by a log-in. */
  async function setAgain(
    pending: PairPending,
    request: Request,
    before: LoginOutcome,
    context: RotatorContext,
  ): Promise<Settled<PairState>> {
    const { inputs } = request
    const { username, replaced } = pending
    const way = await openWay(inputs, context)
    try {
      try {
        await way.setPassword(pending, replaced)
      } catch (error) {
        if (isNotSet(before) && error instanceof VendorError && error.refused) return undone(error.message)
        throw error
      }
      const after = await logInPatiently(() => logIn(inputs, pending), {
        verifyWaitsMs: timing.verifyWaitsMs,
        context,
        waitingFor: `${place(inputs.database)} to accept the new password of ${noun} "${username}"`,
      })
      if (after.kind === 'works') return rotated(pending, request)
      if (after.kind === 'inconclusive') return untried(pending, after.reason, request, context)
      const by = after.by === undefined ? `at log-in (${server.wrongPassword})` : `by ${after.by}`
      const refused = `the new password of ${noun} "${username}" was set but is refused ${by}`
      const elsewhere =
        after.by === undefined ? '' : ': let `database` name the server itself, or let the pooler ask it (auth_query)'
      if (replaced === undefined) {
        // Nothing to set back, and the user has no other password by now: the record must not go.
        throw new EscError('rotation_failed', `${name}: ${refused}, and its former password is not known here`, {
          hint: `find out why the user cannot log in from here, and run again${elsewhere}`,
        })
      }
      await way.setPassword({ username, password: replaced }, pending.password)
      return undone(`${refused}; its former password was set back${elsewhere}`)
    } finally {
      await way.close()
    }
  }

  function untried(
    pending: PairPending,
    reason: string,
    request: Request,
    context: RotatorContext,
  ): Settled<PairState> {
    context.warn(`the new password of ${noun} "${pending.username}" is set but could not be tried: ${reason}`)
    return rotated(pending, request)
  }

  function undone(reason: string): Settled<PairState> {
    return { kind: 'undone', reason: reason.startsWith(`${name}: `) ? reason : `${name}: ${reason}` }
  }

  /**
   * The users are the same ones, so they keep their names; where the server and the host part of
   * the account are may have changed.
   */
  function retarget(pending: PairPending, inputs: PairInputs): PairPending {
    const { host, port } = inputs.database
    const accountHost = server.accountHost(inputs)
    const moved = { ...pending, host, port, ...(accountHost !== undefined && { accountHost }) }
    requireSameTarget(moved, inputs)
    return moved
  }

  /**
   * Setting the password again must not reach another server or account than the
   * one that was begun with.
   */
  function requireSameTarget({ host, port, username, accountHost }: PairPending, inputs: PairInputs): void {
    const { database, rotateUsers } = inputs
    const named = username === rotateUsers.username1 || username === rotateUsers.username2
    const same = host === database.host && port === database.port && accountHost === server.accountHost(inputs)
    if (same && named) return
    throw new EscError(
      'conflict',
      `${name}: an interrupted rotation concerns ${noun} "${username}" on ${place({ host, port })}, which \`database\` and \`rotateUsers\` no longer name`,
      { hint: `put them back as they were and run again; ${retargetHint}` },
    )
  }
}

/** Whether a log-in has shown that the server does not have the password. */
function isNotSet(outcome: LoginOutcome): boolean {
  return outcome.kind === 'wrong' && outcome.by === undefined
}

function rotated({ username, password }: PairPending, { inputs, state }: Request): Settled<PairState> {
  const { username1, username2 } = inputs.rotateUsers
  const other = username === username1 ? username2 : username1
  const previous = [state?.current, state?.previous].find((user) => user?.username === other)
  return { kind: 'rotated', state: { current: { username, password }, ...(previous !== undefined && { previous }) } }
}

function holds({ current, previous }: PairState, { username, password }: PairPending): boolean {
  return [current, previous].some((user) => user?.username === username && user.password.reveal() === password.reveal())
}

/**
 * Whether the state is no longer the one the record was made for: another clone has
 * rotated this pair since.
 */
function hasMovedOn({ username, replaced }: PairPending, { inputs, state }: Request): boolean {
  const next = decidePair(inputs, state)
  return next.username !== username || next.replaced?.reveal() !== replaced?.reveal()
}
