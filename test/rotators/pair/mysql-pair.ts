import type { MySqlInputs, MySqlState } from '../../../src/rotators/pair/mysql.ts'
import { secret } from '../../../src/secret.ts'
import type { MariaDbServer } from '../../servers/mariadb.ts'

let made = 0

/** Two users with first passwords, and a manager who may change them, on a shared server. */
export interface MySqlPair {
  readonly inputs: MySqlInputs
  readonly username1: string
  readonly username2: string
  readonly manager: string
  /** `current` and `previous` with the passwords they were made with. */
  state(current: 1 | 2, previous?: 1 | 2): MySqlState
  readonly passwords: { readonly 1: string; readonly 2: string }
}

export async function createMySqlPair(server: MariaDbServer): Promise<MySqlPair> {
  const number = ++made
  // Names that need quoting: they would end a statement that forgot to.
  const username1 = `app "${number}' \`a`
  const username2 = `app_${number}_b`
  const manager = `manager_${number}`
  const passwords = { 1: `first-1-${number}`, 2: `first-2-${number}` } as const
  const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``
  await server.sql(
    `CREATE USER ${quoted(username1)} IDENTIFIED BY '${passwords[1]}'`,
    `CREATE USER ${quoted(username2)} IDENTIFIED BY '${passwords[2]}'`,
    `CREATE USER ${manager} IDENTIFIED BY 'manage-${number}'`,
    `GRANT CREATE USER ON *.* TO ${manager}`,
    `GRANT SELECT ON mysql.* TO ${manager}`,
  )
  const { host, port } = server
  const user = (which: 1 | 2) => ({
    username: which === 1 ? username1 : username2,
    password: secret<string>(passwords[which]),
  })
  return {
    inputs: {
      database: {
        host,
        port,
        database: 'app',
        managingUser: { username: manager, password: secret(`manage-${number}`) },
      },
      rotateUsers: { username1, username2 },
    },
    username1,
    username2,
    manager,
    state: (current, previous) => ({ current: user(current), ...(previous && { previous: user(previous) }) }),
    passwords,
  }
}
