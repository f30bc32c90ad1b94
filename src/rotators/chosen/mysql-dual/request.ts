import { EscError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import { credentialsOf } from '../../adopted.ts'
import { requireDatabase } from '../../pair/kit/decide.ts'
import type { RotationRequest } from '../../rotator.ts'
import { requireStateOf } from '../kit/index.ts'
import { type DualUser, type MySqlDualInputs, type MySqlDualState, rotatorName } from './types.ts'

export type Request = RotationRequest<MySqlDualInputs, MySqlDualState>

export function accountHost({ rotateUser }: Pick<MySqlDualInputs, 'rotateUser'>): string {
  return rotateUser.host ?? '%'
}

export function passwordsOf(state: MySqlDualState | undefined): Secret<string>[] {
  return credentialsOf(state).map((user) => user.password)
}

/** @throws EscError `invalid_input` for names that can never be rotated. */
export function checkInputs({ database, rotateUser }: MySqlDualInputs, state: MySqlDualState | undefined): void {
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
  const owner = {
    rotator: rotatorName,
    input: 'rotateUser.username',
    account: username,
    another: (user: DualUser) => (user.username === username ? undefined : `"${user.username}"`),
    hint: 'put the user back, or remove `state` to begin anew with the user named',
  }
  requireStateOf(owner, state)
}
