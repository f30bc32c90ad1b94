import type { Secret } from '../../../secret.ts'
import { inconclusive, type LoginOutcome } from '../../log-in.ts'
import { account, type MySqlTiming, tryMySqlLogin } from '../../mysql-server/connection.ts'
import { accountHost } from './request.ts'
import { type MySqlDualInputs, rotatorName } from './types.ts'

/** Logs in as the rotated user. */
export async function logInAsRotated(
  inputs: MySqlDualInputs,
  password: Secret<string>,
  timing: MySqlTiming,
): Promise<LoginOutcome> {
  const { username } = inputs.rotateUser
  const outcome = await tryMySqlLogin(rotatorName, inputs.database, { username, password }, timing)
  // The server does not tell a wrong password from an account that is for
  // other hosts than this one.
  if (outcome.kind !== 'wrong' || accountHost(inputs) === '%') return outcome
  return inconclusive(
    `user ${account(username, accountHost(inputs))} was refused, as it is wherever its host does not match (1045)`,
  )
}

/** Returns false where the server says that the password is wrong. */
export async function mayLogIn(
  inputs: MySqlDualInputs,
  password: Secret<string>,
  timing: MySqlTiming,
): Promise<boolean> {
  return (await logInAsRotated(inputs, password, timing)).kind !== 'wrong'
}
