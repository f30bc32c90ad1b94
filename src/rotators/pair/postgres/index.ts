import { type PairServer, type PairTiming, pairTiming, userPairRotator } from '../kit/index.ts'
import { pairInputsSchema } from '../kit/types.ts'
import { requireChangeable } from './preflight.ts'
import { scramVerifier } from './scram.ts'
import { connectManager, tryLogin } from './server.ts'

export type {
  PairInputs as PostgresInputs,
  PairPending as PostgresPending,
  PairPlan as PostgresPlan,
  PairState as PostgresState,
} from '../kit/index.ts'

const example = `values:
  db:
    fn::rotate::postgres:
      inputs:
        database:
          host: db.example.org
          port: 5432
          database: app
          managingUser: {username: manager, password: {fn::secret: "…"}}
        rotateUsers: {username1: app_a, username2: app_b}
`

const server: PairServer = {
  name: 'postgres',
  description: 'Passwords of a pair of PostgreSQL users.',
  example,
  inputs: pairInputsSchema(),
  noun: 'role',
  wrongPassword: '28P01',
  accountHost: () => undefined,

  async connectManager(inputs, timing) {
    const { database } = inputs
    const session = await connectManager(database, database.managingUser, timing)
    return {
      requireChangeable: (pair, context) => requireChangeable(pair, session, context),
      setPassword: (_, { username, password }, { random }) =>
        session.setPassword(username, scramVerifier(password.reveal(), { salt: random(16) })),
      close: () => session.close(),
    }
  },

  tryLogin: ({ database }, { username, password }, timing) => tryLogin(database, username, password, timing),
}

/**
 * Rotates a pair of users. The server gets what it would store of a password,
 * never the password itself.
 */
export function postgresRotator(timing: PairTiming = pairTiming) {
  return userPairRotator(server, timing)
}

export const postgres = postgresRotator()
