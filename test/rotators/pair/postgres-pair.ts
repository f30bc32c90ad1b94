import type { PostgresInputs, PostgresState } from '../../../src/rotators/pair/postgres/index.ts'
import { secret } from '../../../src/secret.ts'
import type { PostgresServer } from '../../servers/postgres.ts'

let made = 0

/** Two users with first passwords, and a manager who may change them, on a shared server. */
export interface UserPair {
  readonly inputs: PostgresInputs
  readonly username1: string
  readonly username2: string
  readonly manager: string
  /** `current` and `previous` with the passwords they were made with. */
  state(current: 1 | 2, previous?: 1 | 2): PostgresState
  readonly passwords: { readonly 1: string; readonly 2: string }
}

/** `beside`: a pair whose managing user manages this one too. */
export async function createUserPair(server: PostgresServer, beside?: UserPair): Promise<UserPair> {
  const number = ++made
  // A name that needs quoting: it would end a statement that forgot to.
  const username1 = `app "${number}' a`
  const username2 = `app_${number}_b`
  const managingUser = beside?.inputs.database.managingUser ?? {
    username: `manager_${number}`,
    password: secret<string>(`manage-${number}`),
  }
  const manager = managingUser.username
  const passwords = { 1: `first-1-${number}`, 2: `first-2-${number}` } as const
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
  await server.sql(
    `CREATE ROLE ${quoted(username1)} LOGIN PASSWORD '${passwords[1]}'`,
    `CREATE ROLE ${quoted(username2)} LOGIN PASSWORD '${passwords[2]}'`,
    ...(beside === undefined
      ? [`CREATE ROLE ${manager} LOGIN CREATEROLE PASSWORD '${managingUser.password!.reveal()}'`]
      : []),
    `GRANT ${quoted(username1)}, ${quoted(username2)} TO ${manager} WITH ADMIN OPTION`,
  )
  const { host, port, database } = server
  const user = (which: 1 | 2) => ({
    username: which === 1 ? username1 : username2,
    password: secret<string>(passwords[which]),
  })
  return {
    inputs: {
      database: { host, port, database, managingUser },
      rotateUsers: { username1, username2 },
    },
    username1,
    username2,
    manager,
    state: (current, previous) => ({ current: user(current), ...(previous && { previous: user(previous) }) }),
    passwords,
  }
}
