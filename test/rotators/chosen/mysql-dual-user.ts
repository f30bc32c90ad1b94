import type { MySqlDualInputs, MySqlDualState } from '../../../src/rotators/chosen/mysql-dual/index.ts'
import { nativePasswordHash } from '../../../src/rotators/mysql-server/password-hash.ts'
import { secret } from '../../../src/secret.ts'
import type { MariaDbServer } from '../../servers/mariadb.ts'

let made = 0

/** A user with two passwords, and a manager who may change them, on a shared MariaDB. */
export interface DualUser {
  readonly inputs: MySqlDualInputs
  readonly username: string
  readonly manager: string
  readonly passwords: readonly [string, string]
  /** Names the first password as current and, if asked for, the second as previous. */
  state(previous?: boolean): MySqlDualState
}

export async function createDualUser(server: MariaDbServer): Promise<DualUser> {
  const number = ++made
  // Names that need quoting: they would end a statement that forgot to.
  const username = `dual "${number}' \`\\`
  const manager = `dual_manager_${number}`
  const passwords = [`first-canary-${number}`, `second-canary-${number}`] as const
  const rules = passwords.map((password) => `mysql_native_password USING '${nativePasswordHash(password)}'`)
  await server.sql(
    `CREATE USER \`${username.replaceAll('`', '``')}\` IDENTIFIED VIA ${rules.join(' OR ')}`,
    `CREATE USER ${manager} IDENTIFIED BY 'manage-canary-${number}'`,
    `GRANT CREATE USER ON *.* TO ${manager}`,
    `GRANT SELECT ON mysql.* TO ${manager}`,
  )
  const credential = (password: string) => ({ username, password: secret<string>(password) })
  const managingUser = { username: manager, password: secret<string>(`manage-canary-${number}`) }
  return {
    inputs: {
      database: { host: server.host, port: server.port, database: 'app', managingUser },
      rotateUser: { username },
    },
    username,
    manager,
    passwords,
    state: (previous = false) => ({
      current: credential(passwords[0]),
      ...(previous && { previous: credential(passwords[1]) }),
    }),
  }
}
