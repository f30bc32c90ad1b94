import { type PairTiming, pairTiming } from '../../pair/kit/index.ts'
import type { Plan, RotationRequest, Rotator, RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { chosenPasswordRotator } from '../kit/index.ts'
import { AccountSession } from './account-session.ts'
import { logInAsRotated, mayLogIn } from './log-in.ts'
import { hasPassword, planSteps } from './methods.ts'
import { accountHost, checkInputs } from './request.ts'
import { DualKeeper } from './session.ts'
import {
  type DualUser,
  type MySqlDualInputs,
  type MySqlDualPending,
  type MySqlDualState,
  mySqlDualInputsSchema,
  mySqlDualOutputsSchema,
  mySqlDualStateSchema,
  rotatorName,
} from './types.ts'

const example = `values:
  db:
    fn::rotate::mysql-dual:
      inputs:
        database:
          host: db.example.org
          port: 3306
          database: app
          managingUser: {username: manager, password: {fn::secret: "…"}}
        rotateUser: {username: app}
`

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
  return chosenPasswordRotator<MySqlDualInputs, DualUser, MySqlDualPending, MySqlDualPlan, DualKeeper>({
    name: rotatorName,
    description: 'Password of one MySQL or MariaDB user that keeps two.',
    example,
    inputs: mySqlDualInputsSchema,
    state: mySqlDualStateSchema,
    outputs: mySqlDualOutputsSchema,
    connection: { tls: ['database.tls'], host: 'database.host' },
    refusal: '1045',
    verifyWaitsMs: timing.verifyWaitsMs,
    names: '`database` and `rotateUser`',
    confirms: true,
    target: ({ database: { host, port }, rotateUser }) =>
      `mysql-dual ${JSON.stringify([host.toLowerCase(), port, rotateUser.username, accountHost({ rotateUser })])}`,
    checkInputs,
    owner: ({ rotateUser }) => `user "${rotateUser.username}"`,
    place: ({ database }) => place(database),
    overtaken: (owner) => `the password of ${owner} was rotated by somebody else since; theirs is kept`,
    record: (inputs, { currentWorked }) => ({
      ...addressOf(inputs),
      username: inputs.rotateUser.username,
      currentWorked,
    }),
    address: addressOf,
    credentialOf: ({ username, password }) => ({ username, password }),
    isOf(pending, inputs) {
      const { host, port, accountHost: account } = addressOf(inputs)
      const sameAccount = pending.accountHost === account && pending.username === inputs.rotateUser.username
      return pending.host === host && pending.port === port && sameAccount
    },
    concerns: ({ host, port, username }) => `user "${username}" on ${place({ host, port })}`,
    connect: async (inputs, context) =>
      new DualKeeper(await AccountSession.open(inputs, timing), { inputs, timing, context }),
    logIn: (inputs, { password }) => logInAsRotated(inputs, password, timing),
    plan: (session, request, context) => planAccount(session, request, { timing, context }),
  })
}

export const mysqlDual = mysqlDualRotator()

function addressOf(inputs: MySqlDualInputs) {
  const { host, port } = inputs.database
  return { host, port, accountHost: accountHost(inputs) }
}

async function planAccount(
  session: DualKeeper,
  { inputs, state }: RotationRequest<MySqlDualInputs, MySqlDualState>,
  { timing, context }: { readonly timing: PairTiming; readonly context: RotatorContext },
): Promise<MySqlDualPlan> {
  const { flavor } = session
  const account = await session.requireUsable()
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
}
