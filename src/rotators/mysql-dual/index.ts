import { EscError } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { retargetHint } from '../another-target.ts'
import { checkLogin, inconclusive, type LoginOutcome, logInPatiently } from '../log-in.ts'
import { madeReady } from '../made-ready.ts'
import { account, tryMySqlLogin } from '../mysql/connection.ts'
import type { Account } from '../mysql/facts.ts'
import { newPassword } from '../new-password.ts'
import type {
  CredentialCheck,
  Plan,
  PlanStep,
  RotationRequest,
  Rotator,
  RotatorContext,
  Settled,
  SettleRequest,
} from '../rotator.ts'
import { place } from '../server-address.ts'
import { requireDatabase } from '../user-pair/decide.ts'
import { type PairTiming, pairTiming } from '../user-pair/index.ts'
import { VendorError } from '../vendor-error.ts'
import { AccountSession, isPassword, rotatorName } from './account-session.ts'
import { inputsSchema, type MySqlDualInputs, type MySqlDualPending, type MySqlDualState, stateSchema } from './types.ts'

export type { MySqlDualInputs, MySqlDualPending, MySqlDualState } from './types.ts'

export interface MySqlDualPlan extends Plan {
  readonly currentWorked: boolean
}

type Request = RotationRequest<MySqlDualInputs, MySqlDualState>
type Settling = SettleRequest<MySqlDualInputs, MySqlDualState>
type Settlement = Settled<MySqlDualState>

/** A new password that is set. */
interface Proven {
  readonly password: Secret<string>
  readonly outcome: LoginOutcome
  /** Whether the account accepts this one of ours, too. */
  readonly lives: (password: Secret<string>) => Promise<boolean>
}

/**
 * Rotates the password of one account that keeps two.
 *
 * MariaDB keeps a list of what lets in: the new password is added, and the superseded one removed after the commit.
 * MySQL keeps a first and a second: a new first one makes the former first the second, and the former second is gone. That
 * must not be done twice with the same password, or both places would hold it and consumers be locked out; so it is done
 * again only once the server has no statement of a killed run left, and a log-in has shown that it is not done.
 */
export function mysqlDualRotator(
  timing: PairTiming = pairTiming,
): Rotator<MySqlDualInputs, MySqlDualState, MySqlDualPending, MySqlDualPlan> {
  const rotator: Rotator<MySqlDualInputs, MySqlDualState, MySqlDualPending, MySqlDualPlan> = {
    name: rotatorName,
    description: 'Password of one MySQL or MariaDB user that keeps two.',
    inputs: inputsSchema,
    state: stateSchema,
    outputs: stateSchema,

    open: (state) => state,

    target({ database: { host, port }, rotateUser }) {
      return `mysql-dual ${JSON.stringify([host.toLowerCase(), port, rotateUser.username, accountHost({ rotateUser })])}`
    },

    async plan({ inputs, state }, context) {
      requireInputs(inputs, state)
      const { flavor, found } = await withSession(inputs, async (session) => ({
        flavor: session.facts.flavor,
        found: await session.requireUsable(context),
      }))
      const currentWorked =
        state !== undefined &&
        (flavor === 'mariadb' && found.kind === 'found'
          ? found.methods.some((method) => isPassword(method, state.current.password))
          : await mayLogIn(inputs, state.current.password))
      if (state !== undefined && !currentWorked) {
        context.warn(`the current password of user "${inputs.rotateUser.username}" is no longer accepted`)
      }
      return { steps: steps({ inputs, state }, flavor, found, currentWorked), currentWorked }
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
      if (state !== undefined && holds(state, pending.password)) return { kind: 'rotated', state }
      requireSameTarget(pending, inputs)
      return withSession(inputs, async (session) => {
        await session.lock()
        return session.facts.flavor === 'mariadb'
          ? settleMariaDb(session, pending, request, context)
          : settleMySql(session, pending, request, context)
      })
    },

    retarget(pending, inputs) {
      const { host, port } = inputs.database
      const moved = { ...pending, host, port, accountHost: accountHost(inputs) }
      requireSameTarget(moved, inputs)
      return moved
    },

    async retire(superseded, { inputs, state }) {
      const gone = [superseded.current, superseded.previous]
        .filter((user) => user !== undefined && user.username === inputs.rotateUser.username)
        .map((user) => user!.password)
        .filter((password) => state === undefined || !holds(state, password))
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
        return [checkLogin({ credential, what, wrong, logIn: () => logIn(inputs, user.password) })]
      })
      return [...(await Promise.all(known)), ...(await foreignMethods(request, context))]
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

  async function logIn(inputs: MySqlDualInputs, password: Secret<string>): Promise<LoginOutcome> {
    const { username } = inputs.rotateUser
    const outcome = await tryMySqlLogin(rotatorName, inputs.database, { username, password }, timing)
    // The server does not tell a wrong password from an account that is for other hosts than this one.
    if (outcome.kind !== 'wrong' || accountHost(inputs) === '%') return outcome
    return inconclusive(
      `user ${account(username, accountHost(inputs))} was refused, as it is wherever its host does not match (1045)`,
    )
  }

  function verify(inputs: MySqlDualInputs, password: Secret<string>, context: RotatorContext): Promise<LoginOutcome> {
    return logInPatiently(() => logIn(inputs, password), {
      verifyWaitsMs: timing.verifyWaitsMs,
      context,
      waitingFor: `${place(inputs.database)} to accept the new password of user "${inputs.rotateUser.username}"`,
    })
  }

  /** The list is there to be read: what is missing is added, what does not work is removed. */
  async function settleMariaDb(
    session: AccountSession,
    { password, username, current }: MySqlDualPending,
    request: Settling,
    context: RotatorContext,
  ): Promise<Settlement> {
    const { inputs } = request
    if (request.movedOn || hasMovedOn(current, request)) {
      await session.removePasswords([password])
      return movedOn(username)
    }
    const there = await session.hasPassword(password)
    if (!there) {
      try {
        await session.addPassword(password)
      } catch (error) {
        if (error instanceof VendorError && error.refused) return undone(error.message)
        throw error
      }
    }
    const outcome = await verify(inputs, password, context)
    if (outcome.kind === 'wrong') {
      await session.removePasswords([password])
      return undone(`the new password of user "${username}" was refused at log-in (1045); it was removed`)
    }
    return rotated({ password, outcome, lives: (each) => session.hasPassword(each) }, request, context)
  }

  async function settleMySql(
    session: AccountSession,
    { password, username, current, currentWorked, confirmed }: MySqlDualPending,
    request: Settling,
    context: RotatorContext,
  ): Promise<Settlement> {
    const { inputs } = request
    const first = await logIn(inputs, password)
    if (request.movedOn || hasMovedOn(current, request)) {
      if (first.kind === 'works') await displace(session, password, request)
      return movedOn(username)
    }
    const retained = currentWorked ? current : undefined
    if (first.kind === 'wrong') {
      try {
        await session.setRetaining(password)
      } catch (error) {
        if (error instanceof VendorError && error.refused) return undone(error.message)
        throw error
      }
    } else if (first.kind === 'inconclusive' && !confirmed) {
      if (retained === undefined) {
        throw new EscError(
          'conflict',
          `mysql-dual: whether the new password of user "${username}" is set cannot be told: ${first.reason}`,
          { hint: 'run again from where the user may log in' },
        )
      }
      // Whether it is set or not, after this the former one is the first and then the second.
      await session.replaceFirst(retained)
      await session.setRetaining(password)
    }
    const outcome = await verify(inputs, password, context)
    if (outcome.kind === 'wrong') {
      const refused = `the new password of user "${username}" was set but is refused at log-in (1045)`
      if (retained !== undefined) {
        await session.replaceFirst(retained)
        return undone(`${refused}; its former password was set back`)
      }
      throw new EscError('rotation_failed', `mysql-dual: ${refused}, and its former password is not known here`, {
        hint: 'find out why the user cannot log in from here, and run again',
      })
    }
    if (retained !== undefined && (await logIn(inputs, retained)).kind === 'wrong') {
      // It was the second one, and what was the first is somebody else's.
      await session.replaceFirst(retained)
      return undone(
        `user "${username}" has a password that is not managed here, which leaves no place for a new one; the current one was set back`,
      )
    }
    return rotated({ password, outcome, lives: (each) => mayLogIn(inputs, each) }, request, context)
  }

  /** It is the first or the second password. The current one of the state takes its place, in the other one, too, if need be. */
  async function displace(
    session: AccountSession,
    password: Secret<string>,
    { inputs, state }: Request,
  ): Promise<void> {
    if (state === undefined) return
    const current = state.current.password
    await session.replaceFirst(current)
    if (await mayLogIn(inputs, password)) await session.setRetaining(current)
  }

  async function rotated(
    { password, outcome, lives }: Proven,
    { inputs, state }: Request,
    context: RotatorContext,
  ): Promise<Settlement> {
    const { username } = inputs.rotateUser
    if (outcome.kind === 'inconclusive') {
      context.warn(`the new password of user "${username}" is set but could not be tried: ${outcome.reason}`)
    }
    // The one that consumers hold, or the only one of ours that the server still takes.
    let previous: MySqlDualState['previous']
    for (const user of [state?.current, state?.previous]) {
      if (previous === undefined && user !== undefined && (await lives(user.password))) previous = user
    }
    return { kind: 'rotated', state: { current: { username, password }, ...(previous && { previous }) } }
  }

  async function mayLogIn(inputs: MySqlDualInputs, password: Secret<string>): Promise<boolean> {
    return (await logIn(inputs, password)).kind !== 'wrong'
  }

  async function foreignMethods({ inputs, state }: Request, context: RotatorContext): Promise<CredentialCheck[]> {
    const { username } = inputs.rotateUser
    try {
      return await withSession(inputs, async (session) => {
        const found = await session.requireUsable({ ...context, warn: () => {} })
        // What MySQL shows of an account does not tell its two passwords apart.
        if (session.facts.flavor !== 'mariadb' || found.kind !== 'found') return []
        return found.methods
          .filter((method) => !passwordsOf(state).some((password) => isPassword(method, password)))
          .map(({ plugin }) => ({
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

function accountHost({ rotateUser }: Pick<MySqlDualInputs, 'rotateUser'>): string {
  return rotateUser.host ?? '%'
}

function passwordsOf(state: MySqlDualState | undefined): Secret<string>[] {
  return [state?.current, state?.previous].flatMap((user) => (user === undefined ? [] : [user.password]))
}

function holds(state: MySqlDualState, password: Secret<string>): boolean {
  return passwordsOf(state).some((each) => each.reveal() === password.reveal())
}

function hasMovedOn(current: Secret<string> | undefined, { state }: Request): boolean {
  return state?.current.password.reveal() !== current?.reveal()
}

function movedOn(username: string): Settlement {
  return undone(`the password of user "${username}" was rotated by somebody else since; theirs is kept`)
}

function undone(reason: string): Settlement {
  return { kind: 'undone', reason: reason.startsWith('mysql-dual: ') ? reason : `mysql-dual: ${reason}` }
}

function requireInputs({ database, rotateUser }: MySqlDualInputs, state: MySqlDualState | undefined): void {
  const { username } = rotateUser
  requireDatabase(rotatorName, database)
  if (username === '' || username.includes('\0')) {
    throw new EscError(
      'invalid_input',
      `mysql-dual: \`rotateUser.username\` ${JSON.stringify(username)} is not a user name`,
      { hint: 'name the user whose password is rotated' },
    )
  }
  if (username === database.managingUser.username) {
    throw new EscError('invalid_input', `mysql-dual: \`rotateUser.username\` "${username}" is the managing user`, {
      hint: 'rotate a user of its own; the managing user only sets its passwords',
    })
  }
  for (const [key, user] of Object.entries({ current: state?.current, previous: state?.previous })) {
    if (user === undefined || user.username === username) continue
    throw new EscError(
      'invalid_input',
      `mysql-dual: \`state.${key}\` is of "${user.username}", but \`rotateUser.username\` is "${username}"`,
      { hint: 'put the user back, or remove `state` to begin anew with the user named' },
    )
  }
}

function steps(
  { inputs, state }: Request,
  flavor: 'mariadb' | 'mysql',
  found: Account,
  currentWorked: boolean,
): PlanStep[] {
  const of = `of user "${inputs.rotateUser.username}" on ${place(inputs.database)}`
  const planned: PlanStep[] = [{ action: 'create', what: `password ${of}` }]
  if (currentWorked) planned.push({ action: 'keep', what: `password ${of} (current, becomes previous)` })
  if (flavor === 'mysql') {
    planned.push(
      currentWorked
        ? { action: 'delete', what: `second password ${of} (previous), at once: MySQL keeps two` }
        : { action: 'keep', what: `password ${of} so far, until the next rotation` },
    )
    return planned
  }
  const methods = found.kind === 'found' ? found.methods : []
  if (currentWorked && state?.previous && methods.some((method) => isPassword(method, state.previous!.password))) {
    planned.push({ action: 'delete', what: `password ${of} (previous), once the new one is saved` })
  }
  const foreign = methods.filter((method) => !passwordsOf(state).some((password) => isPassword(method, password)))
  for (const { plugin } of foreign)
    planned.push({ action: 'keep', what: `another way in (${plugin}) ${of} (not managed here)` })
  return planned
}

/** Another server or account must not get the password that this one was to have. */
function requireSameTarget(pending: MySqlDualPending, inputs: MySqlDualInputs): void {
  const { host, port, username } = pending
  const { database, rotateUser } = inputs
  const same = host === database.host && port === database.port && pending.accountHost === accountHost(inputs)
  if (same && username === rotateUser.username) return
  throw new EscError(
    'conflict',
    `mysql-dual: an interrupted rotation concerns user "${username}" on ${place({ host, port })}, which \`database\` and \`rotateUser\` no longer name`,
    { hint: `put them back as they were and run again; ${retargetHint}` },
  )
}
