import { createHash } from 'node:crypto'
import type { Plain } from '../../../src/plain.ts'
import { secret } from '../../../src/secret.ts'
import { compare, type User } from '../../crash-matrix/problems.ts'
import { credentialsIn, type Opened } from '../../crash-matrix/subject.ts'
import { missingRedis, sharedRedis } from '../../servers/redis.ts'
import { rotations, shown, stranger, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { createRedisUser } from './redis-user.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'Redis',
  missing: missingRedis,
  async start() {
    const server = await sharedRedis()
    const { inputs, user, passwords } = await createRedisUser(server)
    const hash = (text: string) => createHash('sha256').update(text).digest('hex')
    return {
      inputs: inputs as Plain,
      async problems(value: Opened<User> | undefined) {
        const held = ((await server.command('ACL', 'GETUSER', user)) as string[][])[3]!.map((text) =>
          text.replace(/^#/, ''),
        )
        const ours = credentialsIn(value).map(({ password }) => hash(password))
        return compare({ held, ours, foreign: passwords.map(hash) })
      },
      logIn: ({ password }: User) => server.login(user, password),
    }
  },
  badInputs: rotations({
    missing: missingRedis,
    async start() {
      const server = await sharedRedis()
      const user = await createRedisUser(server)
      return { ...user, server, name: user.user, held: () => server.command('ACL', 'GETUSER', user.user) }
    },
    bad: {
      'no login': without('login'),
      'an empty host': shown('host', '', /its name or address/),
      'a port that is none': { set: { port: 0 }, says: ['greater than or equal to 1'] },
      'half a port': shown('port', 1.5, /whole number/),
      'an empty name': shown('user', '', /ACL LIST/),
      'a name with a space': shown('user', 'a b', /ACL LIST/),
      'a user nobody knows': { set: { user: 'nobody' }, says: ['"nobody"'], remedy: /ACL SETUSER/ },
      'a name that is too long': { set: { user: 'x'.repeat(300) }, says: ['x'.repeat(300)], remedy: /ACL SETUSER/ },
      'a user that is off': ({ server, name }) => ({
        remote: () => server.command('ACL', 'SETUSER', name, 'off'),
        says: [name, 'is off'],
        remedy: /ACL SETUSER .* on/,
      }),
      'a user that takes any password': ({ server, name }) => ({
        remote: () => server.command('ACL', 'SETUSER', name, 'nopass'),
        says: [name, 'nopass'],
        remedy: /resetpass/,
      }),
      'a login without the right': ({ server, manager }) => ({
        remote: () => server.command('ACL', 'SETUSER', manager, '-acl|setuser', '+acl|dryrun'),
        says: [/setuser/i, manager],
        remedy: /\+acl\|setuser/,
      }),
      'a wrong password': ({ manager }) => ({
        set: { 'login.password': secret('canary-wrong') },
        says: [manager, 'WRONGPASS'],
        remedy: /`login`/,
      }),
      'a state of somebody else': ({ name }) => ({
        state: { current: stranger },
        says: ['`state.current` is of user "stranger"', `"${name}"`],
        remedy: /remove `state`/,
      }),
      'a login by the password that goes': ({ server, name, passwords, state }) => ({
        set: { login: { username: name, password: secret(passwords[1]) } },
        remote: () => server.command('ACL', 'SETUSER', name, '+acl'),
        state: state(true),
        says: ['`login`', 'previous password', name],
        remedy: /another user/,
      }),
    },
  }),
}
