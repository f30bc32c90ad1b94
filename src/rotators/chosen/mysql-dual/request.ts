import { EscError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import { credentialsOf } from '../../adopted.ts'
import { retargetHint } from '../../another-target.ts'
import { requireDatabase } from '../../pair/kit/decide.ts'
import type { RotationRequest } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { type MySqlDualInputs, type MySqlDualPending, type MySqlDualState, rotatorName } from './types.ts'

export type Request = RotationRequest<MySqlDualInputs, MySqlDualState>

export function accountHost({ rotateUser }: Pick<MySqlDualInputs, 'rotateUser'>): string {
  return rotateUser.host ?? '%'
}

export function passwordsOf(state: MySqlDualState | undefined): Secret<string>[] {
  return credentialsOf(state).map((user) => user.password)
}

/** Returns true where the state names the password in any place. */
export function holds(state: MySqlDualState | undefined, password: Secret<string>): boolean {
  return passwordsOf(state).some((each) => each.reveal() === password.reveal())
}

/** @throws EscError `invalid_input` for names that can never be rotated. */
export function requireInputs({ database, rotateUser }: MySqlDualInputs, state: MySqlDualState | undefined): void {
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
  const named = Object.entries({ current: state?.current, previous: state?.previous })
  for (const [key, user] of [...named, ...(state?.adopted ?? []).map((each) => ['adopted', each] as const)]) {
    if (user === undefined || user.username === username) continue
    throw new EscError(
      'invalid_input',
      `mysql-dual: \`state.${key}\` is of "${user.username}", but \`rotateUser.username\` is "${username}"`,
      { hint: 'put the user back, or remove `state` to begin anew with the user named' },
    )
  }
}

/** Another server or account must not get the password that this one was to have. */
export function requireSameTarget(pending: MySqlDualPending, inputs: MySqlDualInputs): void {
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
