import { EscError } from '../../../errors.ts'
import { credentialsOf, withoutAdopted } from '../../adopted.ts'
import { checkLogin } from '../../log-in.ts'
import { madeReady } from '../../made-ready.ts'
import { newPassword } from '../../new-password.ts'
import { type PairTiming, pairTiming } from '../../pair/kit/index.ts'
import type { CredentialCheck, Plan, Rotator, RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { AccountSession } from './account-session.ts'
import { logIn, mayLogIn } from './log-in.ts'
import { foreignMethods, hasPassword, planSteps } from './methods.ts'
import { accountHost, holds, type Request, requireInputs, requireSameTarget } from './request.ts'
import { settleMariaDb, settleMySql } from './settle.ts'
import {
  inputsSchema,
  type MySqlDualInputs,
  type MySqlDualPending,
  type MySqlDualState,
  outputsSchema,
  rotatorName,
  stateSchema,
} from './types.ts'

export type { MySqlDualInputs, MySqlDualPending, MySqlDualState } from './types.ts'

export interface MySqlDualPlan extends Plan {
  readonly currentWorked: boolean
}

/**
 * Rotates the password of one account that keeps two.
 *
 * MariaDB keeps a list of what lets in: the new password is added, and the superseded one removed
 * after the commit. MySQL keeps a first and a second: a new first one makes the former first the
 * second, and the former second is gone. That must not be done twice with the same password, or
 * both places would hold it and consumers be locked out; so it is done again only once the server
 * has no statement of a killed run left, and a log-in has shown that it is not done.
 */
function mysqlDualRotator(
  timing: PairTiming = pairTiming,
): Rotator<MySqlDualInputs, MySqlDualState, MySqlDualPending, MySqlDualPlan> {
  const rotator: Rotator<MySqlDualInputs, MySqlDualState, MySqlDualPending, MySqlDualPlan> = {
    name: rotatorName,
    description: 'Password of one MySQL or MariaDB user that keeps two.',
    inputs: inputsSchema,
    state: stateSchema,
    outputs: outputsSchema,

    open: withoutAdopted,

    target({ database: { host, port }, rotateUser }) {
      return `mysql-dual ${JSON.stringify([host.toLowerCase(), port, rotateUser.username, accountHost({ rotateUser })])}`
    },

    async plan({ inputs, state }, context) {
      requireInputs(inputs, state)
      const { flavor, account } = await withSession(inputs, async (session) => ({
        flavor: session.facts.flavor,
        account: await session.requireUsable(context),
      }))
      const currentWorked =
        state !== undefined &&
        (flavor === 'mariadb' && account.kind === 'found'
          ? await hasPassword(account.methods, state.current.password)
          : await mayLogIn(inputs, state.current.password, timing))
      if (state !== undefined && !currentWorked) {
        context.warn(`the current password of user "${inputs.rotateUser.username}" is no longer accepted`)
      }
      const steps = await planSteps({ inputs, state }, { flavor, account, currentWorked }, context)
      return { steps, currentWorked }
    },

    async rotate({ currentWorked }, { inputs, state }, stage, context) {
      const { host, port } = inputs.database
      const password = newPassword(context.random)
      await withSession(inputs, async (session) => {
        await session.lock()
        const pending: MySqlDualPending = {
          host,
          port,
          username: inputs.rotateUser.username,
          accountHost: accountHost(inputs),
          password,
          ...(state !== undefined && { current: state.current.password }),
          currentWorked,
        }
        await stage(pending)
        if (session.facts.flavor === 'mariadb') await session.addPassword(password)
        else await session.setRetaining(password)
        await stage({ ...pending, confirmed: true })
      })
    },

    async settle(pending, request, context) {
      const { inputs, state } = request
      if (state !== undefined && holds(withoutAdopted(state), pending.password)) return { kind: 'rotated', state }
      requireSameTarget(pending, inputs)
      return withSession(inputs, async (session) => {
        await session.lock()
        const settle = session.facts.flavor === 'mariadb' ? settleMariaDb : settleMySql
        return settle({ session, timing, context }, pending, request)
      })
    },

    retarget(pending, inputs) {
      const { host, port } = inputs.database
      const moved = { ...pending, host, port, accountHost: accountHost(inputs) }
      requireSameTarget(moved, inputs)
      return moved
    },

    async retire(superseded, { inputs, state }) {
      const gone = credentialsOf(superseded)
        .filter(({ username, password }) => username === inputs.rotateUser.username && !holds(state, password))
        .map(({ password }) => password)
      if (gone.length === 0) return
      await withSession(inputs, async (session) => {
        // MySQL has let go of it by itself.
        if (session.facts.flavor !== 'mariadb') return
        await session.lock()
        await session.removePasswords(gone)
      })
    },

    async check(request, context) {
      const { inputs, state } = request
      const known = (['current', 'previous'] as const).flatMap((credential) => {
        const user = state?.[credential]
        if (user === undefined) return []
        const what = `password of user "${user.username}" on ${place(inputs.database)}`
        const wrong = 'refused at log-in (1045)'
        return [checkLogin({ credential, what, wrong, logIn: () => logIn(inputs, user.password, timing) })]
      })
      return [...(await Promise.all(known)), ...(await foreignChecks(request, context))]
    },
  }
  return madeReady(rotator, { tls: ['database.tls'], host: 'database.host' })

  async function withSession<T>(inputs: MySqlDualInputs, use: (session: AccountSession) => Promise<T>): Promise<T> {
    const session = await AccountSession.open(inputs, timing)
    try {
      return await use(session)
    } finally {
      await session.close()
    }
  }

  async function foreignChecks({ inputs, state }: Request, context: RotatorContext): Promise<CredentialCheck[]> {
    const { username } = inputs.rotateUser
    try {
      return await withSession(inputs, async (session) => {
        const found = await session.requireUsable({ ...context, warn: () => {} })
        // What MySQL shows of an account does not tell its two passwords apart.
        if (session.facts.flavor !== 'mariadb' || found.kind !== 'found') return []
        return (await foreignMethods(found.methods, state)).map(({ plugin }) => ({
          credential: 'foreign' as const,
          what: `another way in (${plugin}) of user "${username}" on ${place(inputs.database)}`,
          works: undefined,
          detail: 'not managed here',
        }))
      })
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      context.warn(`whether user "${username}" has other passwords is not known: ${error.message}`)
      return []
    }
  }
}

export const mysqlDual = mysqlDualRotator()
