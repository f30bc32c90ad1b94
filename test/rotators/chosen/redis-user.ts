import type { RedisAclInputs, RedisAclState } from '../../../src/rotators/chosen/redis-acl/index.ts'
import { secret } from '../../../src/secret.ts'
import type { RedisServer } from '../../servers/redis.ts'

let made = 0

/** A user with two passwords, and a manager who may change users, on a shared server. */
export interface RedisUser {
  readonly inputs: RedisAclInputs
  readonly user: string
  readonly manager: string
  readonly passwords: readonly [string, string]
  /** Names the first password as current and, if asked for, the second as previous. */
  state(previous?: boolean): RedisAclState
}

export async function createRedisUser(server: RedisServer): Promise<RedisUser> {
  const number = ++made
  const [user, manager] = [`app-${number}`, `manager-${number}`]
  const passwords = [`first-canary-${number}`, `second-canary-${number}`] as const
  const managerPassword = `manage-canary-${number}`
  await server.command('ACL', 'SETUSER', user, 'on', `>${passwords[0]}`, `>${passwords[1]}`, '~app:*', '+get')
  const rights = ['+acl|getuser', '+acl|setuser', '+acl|save']
  await server.command('ACL', 'SETUSER', manager, 'on', `>${managerPassword}`, ...rights)
  const credential = (password: string) => ({ username: user, password: secret<string>(password) })
  return {
    inputs: {
      host: server.host,
      port: server.port,
      login: { username: manager, password: secret<string>(managerPassword) },
      user,
    },
    user,
    manager,
    passwords,
    state: (previous = false) => ({
      current: credential(passwords[0]),
      ...(previous && { previous: credential(passwords[1]) }),
    }),
  }
}
