import type { Plain } from '../../../src/plain.ts'
import { pairProblems, type User } from '../../crash-matrix/problems.ts'
import { missingMariaDb, sharedMariaDb } from '../../servers/mariadb.ts'
import { badPairs, logInsOf, rotations } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { createMySqlPair } from './mysql-pair.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'MariaDB',
  missing: missingMariaDb,
  async start() {
    const server = await sharedMariaDb()
    const pair = await createMySqlPair(server)
    const logIn = ({ username, password }: User) => server.login(username, password)
    return { inputs: pair.inputs as Plain, problems: pairProblems(pair, logIn), logIn }
  },
  badInputs: rotations({
    missing: missingMariaDb,
    async start() {
      const server = await sharedMariaDb()
      const pair = await createMySqlPair(server)
      return { ...pair, server, held: logInsOf(server, pair) }
    },
    bad: {
      ...badPairs('1396', '1045'),
      'a locked user': ({ server, username2 }) => ({
        remote: () => server.sql(`ALTER USER ${username2} ACCOUNT LOCK`),
        says: [username2, 'locked'],
        remedy: /ACCOUNT UNLOCK/,
      }),
      'a user of another host': ({ username1 }) => ({
        set: { 'rotateUsers.host': '10.0.0.1' },
        says: [username1.replace('`', '``'), '10.0.0.1'],
        remedy: /rotateUsers\.host: "%"/,
      }),
      'a manager without the right': ({ server, manager }) => ({
        remote: () => server.sql(`REVOKE CREATE USER ON *.* FROM ${manager}`),
        says: [manager, '1227'],
        remedy: /GRANT CREATE USER/,
      }),
      'a user without passwords': ({ server, username2 }) => ({
        remote: () => server.sql(`ALTER USER ${username2} IDENTIFIED VIA unix_socket`),
        says: [username2, 'unix_socket'],
        remedy: /ALTER USER/,
      }),
    },
  }),
}
