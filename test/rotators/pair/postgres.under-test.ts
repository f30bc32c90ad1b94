import type { Plain } from '../../../src/plain.ts'
import { pairProblems, type User } from '../../crash-matrix/problems.ts'
import { sharedPostgres } from '../../servers/postgres.ts'
import { badPairs, logInsOf, rotations } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { createUserPair } from './postgres-pair.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'PostgreSQL',
  async start() {
    const server = await sharedPostgres()
    const pair = await createUserPair(server)
    const logIn = ({ username, password }: User) => server.login(username, password)
    return { inputs: pair.inputs as Plain, problems: pairProblems(pair, logIn), logIn }
  },
  badInputs: rotations({
    async start() {
      const server = await sharedPostgres()
      const pair = await createUserPair(server)
      return { ...pair, server, held: logInsOf(server, pair) }
    },
    bad: {
      ...badPairs('42704', '28P01'),
      'no such database': { set: { 'database.database': 'nowhere' }, says: ['3D000', 'nowhere'], remedy: /database/ },
      'a user that may not log in': ({ server, username2 }) => ({
        remote: () => server.sql(`ALTER ROLE ${username2} NOLOGIN`),
        says: [username2, 'may not log in'],
        remedy: /ALTER ROLE .* LOGIN/,
      }),
      'a manager without the right': ({ server, manager }) => ({
        remote: () => server.sql(`ALTER ROLE ${manager} NOCREATEROLE`),
        says: [manager, '42501'],
        remedy: /CREATEROLE/,
      }),
      'a manager that is not admin of a user': ({ server, manager, username2 }) => ({
        remote: () => server.sql(`REVOKE ADMIN OPTION FOR ${username2} FROM ${manager}`),
        says: [manager, username2, 'ADMIN OPTION'],
        remedy: /GRANT/,
      }),
      'a superuser': ({ server }) => ({
        set: { 'rotateUsers.username2': server.admin.username },
        says: [server.admin.username, 'superuser'],
        remedy: /not superusers/,
      }),
    },
  }),
}
