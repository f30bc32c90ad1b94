import { createHash } from 'node:crypto'
import { EscError } from '../../../errors.ts'
import { present } from '../../../present.ts'
import type { Secret } from '../../../secret.ts'
import { account, connectMySql, type MySqlSession, type MySqlTiming, quoteText } from '../../mysql-server/connection.ts'
import {
  type Account,
  type AuthenticationMethod,
  atLeast,
  readAccount,
  readFacts,
  type ServerFacts,
} from '../../mysql-server/facts.ts'
import { nativePasswordHash } from '../../mysql-server/password-hash.ts'
import { requireUsableAccount, requireUsableServer } from '../../mysql-server/preflight.ts'
import type { RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import { VendorError } from '../../vendor-error.ts'
import { hasPassword, methodsBeside } from './methods.ts'
import { type MySqlDualInputs, rotatorName } from './types.ts'

/** A connection as the managing user, about one account. Faults are thrown as `VendorError`. */
export class AccountSession {
  readonly facts: ServerFacts
  readonly #session: MySqlSession
  readonly #inputs: MySqlDualInputs

  private constructor(session: MySqlSession, facts: ServerFacts, inputs: MySqlDualInputs) {
    this.#session = session
    this.facts = facts
    this.#inputs = inputs
  }

  static async open(inputs: MySqlDualInputs, timing: MySqlTiming): Promise<AccountSession> {
    const { database } = inputs
    const session = await connectMySql(rotatorName, database, database.managingUser, timing)
    try {
      return new AccountSession(session, await readFacts(session), inputs)
    } catch (error) {
      await session.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  /** Throws where a second password could not be added or would prove nothing. Changes nothing. */
  async requireUsable(context: RotatorContext): Promise<Account> {
    const { database, rotateUser } = this.#inputs
    const managerName = database.managingUser.username
    const refuse = (message: string, hint: string): never => {
      throw new EscError('rotation_failed', `${rotatorName}: ${message}`, { hint })
    }
    const { facts } = this
    const options = { rotator: rotatorName, server: database, managerName, context }
    if (facts.flavor === 'mariadb' && facts.wantsClearText) {
      refuse(
        `${place(database)} takes no hashes of passwords, without which the account cannot keep two`,
        'set strict_password_validation = OFF, or rotate a pair of users with mysql',
      )
    }
    if (facts.flavor === 'mysql' && !atLeast(facts, 8, 0, 14)) {
      refuse(
        `${place(database)} is MySQL ${facts.versionText}, in which an account has one password`,
        'upgrade to 8.0.14 or later, or rotate a pair of users with mysql',
      )
    }
    await requireUsableServer(this.#session, facts, options)
    const found = await this.#read()
    if (found.kind === 'unreadable' && facts.flavor === 'mariadb') {
      refuse(
        `managing user "${managerName}" may not read the account, whose other passwords must be kept`,
        `run GRANT SELECT ON mysql.* for it`,
      )
    }
    const { username, host = '%' } = rotateUser
    requireUsableAccount(found, { ...options, username, host, hostInput: 'rotateUser.host' }, context)
    if (facts.flavor === 'mysql' && found.kind === 'found') {
      const { plugin } = present(found.methods[0])
      if (!['mysql_native_password', 'caching_sha2_password', 'sha256_password'].includes(plugin)) {
        refuse(`user ${this.#name} logs in by ${plugin}, which has no passwords`, `let it use caching_sha2_password`)
      }
    }
    return found
  }

  /**
   * Waits until no statement of another session of ours is at work on the account. The session of a
   * run that was killed holds this lock until the server has carried out what it had been sent.
   */
  async lock(): Promise<void> {
    const { username, host = '%' } = this.#inputs.rotateUser
    const digest = createHash('sha256')
      .update(JSON.stringify([username, host]))
      .digest('hex')
      .slice(0, 40)
    const doing = `waiting for another rotation of user "${username}"`
    const [row] = await this.#session.query<{ got: number | null }>(
      `SELECT GET_LOCK('esc:${digest}', 10) AS got`,
      doing,
    )
    if (Number(row?.got) === 1) return
    throw new VendorError(`another rotation of user "${username}" is at work on ${place(this.#inputs.database)}`, {
      rotator: rotatorName,
      code: 'GET_LOCK',
      refused: false,
      hint: 'wait until it has ended, and run again',
      transient: true,
    })
  }

  /** MariaDB: whether the account accepts this password. */
  async hasPassword(password: Secret<string>): Promise<boolean> {
    return hasPassword(await this.#methods(), password)
  }

  /** MariaDB: adds a password in front of everything the account accepts already. */
  async addPassword(password: Secret<string>): Promise<void> {
    const methods = await methodsBeside(await this.#methods(), [password])
    await this.#setMethods([
      { plugin: 'mysql_native_password', stored: nativePasswordHash(password.reveal()) },
      // An account made without a password accepts the empty one, which is nothing to keep.
      ...methods.filter(({ plugin, stored }) => plugin !== 'mysql_native_password' || stored !== ''),
    ])
  }

  /** MariaDB: removes these passwords; those that are not there count as removed. */
  async removePasswords(passwords: readonly Secret<string>[]): Promise<void> {
    const methods = await this.#methods()
    const kept = await methodsBeside(methods, passwords)
    // Never the last one: the account would be open, or closed to everybody.
    if (kept.length < methods.length && kept.length > 0) await this.#setMethods(kept)
  }

  /**
   * MySQL: a new first password; the one so far becomes the second, and the second so far is
   * gone. Not to be done twice.
   */
  async setRetaining(password: Secret<string>): Promise<void> {
    await this.#alter(`IDENTIFIED BY ${quoteText(password.reveal())} RETAIN CURRENT PASSWORD`)
  }

  /** MySQL: a new first password in the place of the one so far; the second is left alone. */
  async replaceFirst(password: Secret<string>): Promise<void> {
    await this.#alter(`IDENTIFIED BY ${quoteText(password.reveal())}`)
  }

  async #methods(): Promise<readonly AuthenticationMethod[]> {
    const found = await this.#read()
    if (found.kind === 'found') return found.methods
    throw new VendorError(`user ${this.#name} is gone, or may no longer be read`, {
      rotator: rotatorName,
      code: '1396',
      refused: true,
      hint: 'create it again, or give the managing user GRANT SELECT ON mysql.*',
    })
  }

  async #setMethods(methods: readonly AuthenticationMethod[]): Promise<void> {
    const rules = methods.map(({ plugin, stored }) => {
      if (!/^\w+$/.test(plugin)) throw new Error(`not a plugin: ${plugin}`)
      return stored === '' ? plugin : `${plugin} USING ${quoteText(stored)}`
    })
    await this.#alter(`IDENTIFIED VIA ${rules.join(' OR ')}`)
  }

  async #alter(identification: string): Promise<void> {
    const { username } = this.#inputs.rotateUser
    await this.#session.query(
      `ALTER USER ${this.#name} ${identification}`,
      `changing the passwords of user "${username}"`,
    )
  }

  #read(): Promise<Account> {
    const { username, host = '%' } = this.#inputs.rotateUser
    return readAccount(this.#session, this.facts, { username, host })
  }

  get #name(): string {
    const { username, host = '%' } = this.#inputs.rotateUser
    return account(username, host)
  }
}
