import type { Plain } from '../../../src/plain.ts'
import { hashedProblems, type User } from '../../crash-matrix/problems.ts'
import { missingMariaDb, sharedMariaDb } from '../../servers/mariadb.ts'
import { badDatabases, rotations, shown, stranger, without, wrongManager } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { createDualUser } from './mysql-dual-user.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'MariaDB',
  missing: missingMariaDb,
  async start() {
    const server = await sharedMariaDb()
    const { inputs, username, passwords } = await createDualUser(server)
    const name = username.replace(/['\\]/g, '\\$&')
    const logIn = ({ password }: User) => server.login(username, password)
    return {
      inputs: inputs as Plain,
      logIn,
      problems: hashedProblems({
        foreign: passwords,
        logsIn: async (password) => (await logIn({ username, password })) === true,
        async count() {
          const [row] = await server.sql(`SELECT Priv FROM mysql.global_priv WHERE User = '${name}'`)
          return String(row!.Priv).split('"authentication_string"').length - 1
        },
      }),
    }
  },
  badInputs: rotations({
    missing: missingMariaDb,
    async start() {
      const server = await sharedMariaDb()
      const user = await createDualUser(server)
      const name = user.username.replace(/['\\]/g, '\\$&')
      const held = () => server.sql(`SELECT CAST(Priv AS CHAR) AS priv FROM mysql.global_priv WHERE User = '${name}'`)
      return { ...user, server, held }
    },
    bad: {
      ...badDatabases,
      'no user': without('rotateUser'),
      'an empty name': shown('rotateUser.username', '', /name the user/),
      'the managing user': ({ manager }) => ({
        set: { 'rotateUser.username': manager },
        says: ['`rotateUser.username`', manager],
        remedy: /a user of its own/,
      }),
      'a user nobody knows': {
        set: { 'rotateUser.username': 'nobody' },
        says: ['nobody', '1396'],
        remedy: /create it/,
      },
      'a name that is too long': {
        set: { 'rotateUser.username': 'x'.repeat(200) },
        says: ['x'.repeat(200), '1396'],
        remedy: /create it/,
      },
      'a state of somebody else': {
        state: { current: stranger },
        says: ['`state.current` is of "stranger"'],
        remedy: /put the user back, or remove `state`/,
      },
      'a wrong password of the managing user': ({ manager }) => wrongManager(manager, '1045'),
      'a manager that may not read accounts': ({ server, manager }) => ({
        remote: () => server.sql(`REVOKE SELECT ON mysql.* FROM ${manager}`),
        says: [manager, 'may not read'],
        remedy: /GRANT SELECT/,
      }),
    },
  }),
}
