import { EscError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import { type LoginOutcome, logInPatiently } from '../../log-in.ts'
import type { PairTiming } from '../../pair/kit/index.ts'
import type { Reconciled, ReconcileRequest, RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { undone } from '../../undone.ts'
import { VendorError } from '../../vendor-error.ts'
import { hasMovedOn } from '../kit/index.ts'
import type { AccountSession } from './account-session.ts'
import { logInAsRotated, mayLogIn } from './log-in.ts'
import type { Request } from './request.ts'
import { type MySqlDualInputs, type MySqlDualPending, type MySqlDualState, rotatorName } from './types.ts'

type Reconciling = ReconcileRequest<MySqlDualInputs, MySqlDualState>
type Reconciliation = Reconciled<MySqlDualState>

/** Everything that one reconciliation works with. */
export interface ReconcileContext {
  readonly session: AccountSession
  readonly timing: PairTiming
  readonly context: RotatorContext
}

/** The passwords of MySQL cannot be read, so log-ins tell. */
export async function reconcileMySql(
  { session, timing, context }: ReconcileContext,
  pending: MySqlDualPending,
  request: Reconciling,
): Promise<Reconciliation> {
  const { inputs } = request
  const { password, username, current, currentWorked, confirmed } = pending
  const first = await logInAsRotated(inputs, password, timing)
  if (request.movedOn || hasMovedOn(pending, request.state)) {
    if (first.kind === 'works') await displace({ session, timing }, password, request)
    return movedOn(username)
  }
  const retained = currentWorked ? current : undefined
  if (first.kind === 'wrong') {
    try {
      await session.setRetaining(password)
    } catch (error) {
      if (error instanceof VendorError && error.refused) return undone(rotatorName, error.reason)
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
  const outcome = await verify(inputs, password, { timing, context })
  if (outcome.kind === 'wrong') {
    const refused = `the new password of user "${username}" was set but is refused at log-in (1045)`
    if (retained !== undefined) {
      await session.replaceFirst(retained)
      return undone(rotatorName, `${refused}; its former password was set back`)
    }
    throw new EscError('rotation_failed', `mysql-dual: ${refused}, and its former password is not known here`, {
      hint: 'find out why the user cannot log in from here, and run again',
    })
  }
  if (retained !== undefined && (await logInAsRotated(inputs, retained, timing)).kind === 'wrong') {
    // It was the second one, and what was the first is somebody else's.
    await session.replaceFirst(retained)
    return undone(
      rotatorName,
      `user "${username}" has a password that is not managed here, which leaves no place for a new one; the current one was set back`,
    )
  }
  return rotated({ password, outcome }, request, { timing, context })
}

/**
 * It is the first or the second password. The current one of the state takes its place, in the
 * other one, too, if need be.
 */
async function displace(
  { session, timing }: Omit<ReconcileContext, 'context'>,
  password: Secret<string>,
  { inputs, state }: Request,
): Promise<void> {
  if (state === undefined) return
  const current = state.current.password
  await session.replaceFirst(current)
  if (await mayLogIn(inputs, password, timing)) await session.setRetaining(current)
}

async function rotated(
  { password, outcome }: { readonly password: Secret<string>; readonly outcome: LoginOutcome },
  { inputs, state }: Request,
  { timing, context }: Omit<ReconcileContext, 'session'>,
): Promise<Reconciliation> {
  const { username } = inputs.rotateUser
  if (outcome.kind === 'inconclusive') {
    context.warn(`the new password of user "${username}" is set but could not be tried: ${outcome.reason}`)
  }
  // The one that consumers hold, or the only one of ours that the server still takes.
  let previous: MySqlDualState['previous']
  for (const user of [state?.current, state?.previous]) {
    if (previous === undefined && user && (await mayLogIn(inputs, user.password, timing))) previous = user
  }
  return { kind: 'rotated', state: { current: { username, password }, ...(previous && { previous }) } }
}

function verify(
  inputs: MySqlDualInputs,
  password: Secret<string>,
  { timing, context }: Omit<ReconcileContext, 'session'>,
): Promise<LoginOutcome> {
  return logInPatiently(() => logInAsRotated(inputs, password, timing), {
    verifyWaitsMs: timing.verifyWaitsMs,
    context,
    waitingFor: `${place(inputs.database)} to accept the new password of user "${inputs.rotateUser.username}"`,
  })
}

function movedOn(username: string): Reconciliation {
  return undone(rotatorName, `the password of user "${username}" was rotated by somebody else since; theirs is kept`)
}
