import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { inconclusive } from '../log-in.ts'
import { account, connectMySql, type MySqlSession, quoteText, tryMySqlLogin } from '../mysql-server/connection.ts'
import { type Account, readAccount, readFacts, type ServerFacts } from '../mysql-server/facts.ts'
import { nativePasswordHash } from '../mysql-server/password-hash.ts'
import { requireUsableAccount, requireUsableServer } from '../mysql-server/preflight.ts'
import type { RotatorContext } from '../rotator.ts'
import { type PairServer, type PairTiming, pairTiming, userPairRotator } from './kit/index.ts'
import { type PairInputs, pairInputsSchema } from './kit/types.ts'

export type {
  PairInputs as MySqlInputs,
  PairPending as MySqlPending,
  PairPlan as MySqlPlan,
  PairState as MySqlState,
} from './kit/index.ts'

const example = `values:
  db:
    fn::rotate::mysql:
      inputs:
        database:
          host: db.example.org
          port: 3306
          database: app
          managingUser: {username: manager, password: {fn::secret: "…"}}
        rotateUsers: {username1: app_a, username2: app_b}
`

const name = 'mysql'

const server: PairServer = {
  name,
  description: 'Passwords of a pair of MySQL or MariaDB users.',
  example,
  inputs: pairInputsSchema({
    host: { type: 'string', description: 'The host part of both accounts. Default %.' },
  }),
  noun: 'user',
  wrongPassword: '1045',
  accountHost,

  async connectManager({ database }, timing) {
    const session = await connectMySql(name, database, database.managingUser, timing)
    return {
      requireChangeable: (inputs, context) => requireChangeable(inputs, session, context),
      async setPassword(inputs, { username, password }) {
        const facts = await readFacts(session)
        const found = await readAccount(session, facts, { username, host: accountHost(inputs) })
        const to = identification(password.reveal(), facts, found)
        await session.query(
          `ALTER USER ${account(username, accountHost(inputs))} ${to}`,
          `setting the password of user "${username}"`,
        )
      },
      close: () => session.close(),
    }
  },

  async tryLogin(inputs, user, timing) {
    const outcome = await tryMySqlLogin(name, inputs.database, user, timing)
    // The server does not tell a wrong password from an account that is for
    // other hosts than this one.
    if (outcome.kind !== 'wrong' || accountHost(inputs) === '%') return outcome
    return inconclusive(
      `user ${account(user.username, accountHost(inputs))} was refused, as it is wherever its host does not match (1045)`,
    )
  },
}

/** Rotates a pair of users, on MySQL and on MariaDB. */
export function mysqlRotator(timing: PairTiming = pairTiming) {
  return userPairRotator(server, timing)
}

export const mysql = mysqlRotator()

function accountHost({ rotateUsers }: PairInputs): string {
  return rotateUsers.host ?? '%'
}

/**
 * The hash wherever the server takes one, since MariaDB writes statements into its logs as they
 * come. MySQL replaces the passwords in what it logs; for accounts that do not use the old hash it
 * gets the password itself.
 */
function identification(password: string, { flavor, wantsClearText }: ServerFacts, found: Account): string {
  const native = found.kind === 'found' && found.methods.every(({ plugin }) => plugin === 'mysql_native_password')
  return (flavor === 'mariadb' && !wantsClearText) || (flavor === 'mysql' && native)
    ? `IDENTIFIED WITH mysql_native_password AS ${quoteText(nativePasswordHash(password))}`
    : `IDENTIFIED BY ${quoteText(password)}`
}

/**
 * Plugins whose password `identification` sets without changing the way in
 * which the account logs in.
 */
const settable = {
  mariadb: ['mysql_native_password'],
  mysql: ['mysql_native_password', 'caching_sha2_password', 'sha256_password'],
}

async function requireChangeable(inputs: PairInputs, session: MySqlSession, context: RotatorContext): Promise<void> {
  const { database, rotateUsers } = inputs
  const managerName = database.managingUser.username
  const facts = await readFacts(session)
  await requireUsableServer(session, facts, { rotator: name, server: database, managerName, context })
  for (const username of [rotateUsers.username1, rotateUsers.username2]) {
    const host = accountHost(inputs)
    const found = await readAccount(session, facts, { username, host })
    const names = { rotator: name, server: database, managerName, username, host, hostInput: 'rotateUsers.host' }
    requireUsableAccount(found, names, context)
    if (found.kind !== 'found') {
      if (facts.flavor === 'mariadb') {
        context.warn(
          `other ways in which user ${account(username, host)} may log in, such as ed25519 or unix_socket, are replaced by the new password`,
        )
      }
      continue
    }
    const plugins = found.methods.map(({ plugin }) => plugin)
    if (plugins.length === 1 && settable[facts.flavor].includes(present(plugins[0]))) continue
    throw new EscError(
      'rotation_failed',
      `mysql: user ${account(username, host)} logs in by ${plugins.join(' or ')}, which a new password would replace`,
      {
        hint:
          plugins.length > 1
            ? 'rotate it with mysql-dual, which leaves other methods alone, or give it one password'
            : `run ALTER USER ${account(username, host)} IDENTIFIED BY … to let it use a password`,
      },
    )
  }
}
