import { EscError } from '../../../errors.ts'
import { credentialsOf } from '../../adopted.ts'
import type { RotatorContext } from '../../rotator.ts'
import type { KeeperSession } from '../kit/index.ts'
import { type AclUser, passwordHash, type RedisSession } from './server.ts'
import type { RedisAclInputs, RedisAclPending, RedisAclState, RedisPassword } from './types.ts'

interface About {
  readonly user: string
  /** Such as `cache.example.org:6379`. */
  readonly where: string
  readonly context: RotatorContext
}

/** The passwords of one ACL user, as they were when they were first read. */
export class RedisKeeper implements KeeperSession<RedisPassword, RedisAclPending, RedisAclInputs, RedisAclState> {
  readonly #session: RedisSession
  readonly #about: About
  readonly #users = new Map<string, Promise<AclUser | undefined>>()

  constructor(session: RedisSession, about: About) {
    this.#session = session
    this.#about = about
  }

  /**
   * Throws where a new password could not be added or would prove nothing. Returns the
   * hashes of those there are.
   */
  async requireUsable(manager: string): Promise<readonly string[]> {
    const { user, where } = this.#about
    const refuse = (message: string, hint: string): never => {
      throw new EscError('rotation_failed', `redis-acl: ${message}`, { hint })
    }
    const found = await this.#user(user)
    if (found === undefined) {
      throw new EscError('invalid_input', `redis-acl: no such user "${user}" on ${where}`, {
        hint: 'create it with ACL SETUSER, or correct `user`',
      })
    }
    if (!found.flags.includes('on')) refuse(`user "${user}" is off on ${where}`, `run ACL SETUSER ${user} on`)
    if (found.flags.includes('nopass')) {
      refuse(`user "${user}" on ${where} takes any password (nopass)`, `run ACL SETUSER ${user} resetpass`)
    }
    const reason = await this.#session.whyNotAllowed(user)
    if (reason !== undefined) {
      refuse(
        `user "${manager}" may not change users on ${where}: ${reason}`,
        'the user of `login` needs +acl|getuser +acl|setuser +acl|save',
      )
    }
    await this.#warnOfReplicas()
    return found.passwordHashes
  }

  async whyGone(): Promise<string | undefined> {
    const { user } = this.#about
    return (await this.#user(user)) === undefined ? `user "${user}" is gone` : undefined
  }

  async has({ username, password }: RedisPassword): Promise<boolean> {
    return (await this.#user(username))?.passwordHashes.includes(passwordHash(password)) ?? false
  }

  add({ username, password }: RedisPassword): Promise<void> {
    return this.#session.addPassword(username, passwordHash(password))
  }

  async remove(credentials: readonly RedisPassword[]): Promise<void> {
    for (const { username, password } of credentials) {
      // A user that is gone would come to be.
      if ((await this.#user(username)) === undefined) continue
      await this.#session.removePasswords(username, [passwordHash(password)])
    }
  }

  async listForeign(state: RedisAclState | undefined): Promise<readonly string[]> {
    const { user, where } = this.#about
    const ours = credentialsOf(state).map(({ password }) => passwordHash(password))
    const foreign = (await this.#user(user))?.passwordHashes.filter((hash) => !ours.includes(hash)) ?? []
    return foreign.map(() => `another password of user "${user}" on ${where}`)
  }

  async save(): Promise<void> {
    const unsaved = await this.#session.save()
    if (unsaved === undefined) return
    this.#about.context.warn(
      `${this.#about.where} could not save its users, so a restart would bring back the former passwords: ${unsaved}`,
    )
  }

  close(): void {
    this.#session.close()
  }

  async #warnOfReplicas(): Promise<void> {
    const { where, context } = this.#about
    const replicas = await this.#session.replication()
    if (replicas === 'replica') {
      context.warn(`${where} is a replica: users changed there are not changed at its primary`)
    } else if (replicas !== undefined && replicas > 0) {
      context.warn(
        `${where} has ${replicas === 1 ? 'a replica' : `${replicas} replicas`}, to which Redis does not copy users`,
      )
    }
  }

  #user(username: string): Promise<AclUser | undefined> {
    const read = this.#users.get(username) ?? this.#session.getUser(username)
    this.#users.set(username, read)
    return read
  }
}
