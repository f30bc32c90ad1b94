import { createHash } from 'node:crypto'
import type { Secret } from '../../../secret.ts'
import { inconclusive, type LoginOutcome } from '../../log-in.ts'
import { place, type ServerAddress } from '../../server-address.ts'
import { tlsFault, tlsHint } from '../../tls/index.ts'
import { connectionHints, isPassingFault, VendorError } from '../../vendor-error.ts'
import { type Reply, ReplyError, RespConnection } from './resp.ts'

/** All in milliseconds. */
export interface RedisTiming {
  readonly connectMs: number
  readonly commandMs: number
  /** Waits between log-ins with a password that was just added. */
  readonly verifyWaitsMs: readonly number[]
}

export const redisTiming: RedisTiming = { connectMs: 10_000, commandMs: 15_000, verifyWaitsMs: [500, 1_000, 2_000] }

export interface RedisLogin {
  readonly username: string
  readonly password: Secret<string>
}

export interface AclUser {
  /** Such as `on`, `nopass`. */
  readonly flags: readonly string[]
  /** SHA-256 of each password, hexadecimal. */
  readonly passwordHashes: readonly string[]
}

/** A connection as somebody who may change users. Faults are thrown as `VendorError`. */
export interface RedisSession {
  /** `undefined` when there is no such user. */
  getUser(username: string): Promise<AclUser | undefined>
  /**
   * Returns the reason why the session's user may not change users; undefined where it may, or
   * where it cannot be told.
   */
  whyNotAllowed(username: string): Promise<string | undefined>
  /** Number of replicas, or `replica`; undefined where it may not be asked. */
  replication(): Promise<number | 'replica' | undefined>
  addPassword(username: string, hash: string): Promise<void>
  /** Those that are not there any more count as removed. */
  removePasswords(username: string, hashes: readonly string[]): Promise<void>
  /** Writes the users into the server's ACL file. Undefined: done; else why not. */
  save(): Promise<string | undefined>
  close(): void
}

/** The form in which the server keeps a password, and takes it after `#`. */
export function passwordHash(password: Secret<string>): string {
  return createHash('sha256').update(password.reveal(), 'utf8').digest('hex')
}

export async function connectRedis(
  server: ServerAddress,
  login: RedisLogin,
  timing: RedisTiming,
): Promise<RedisSession> {
  const connection = await logIn(server, login, timing).catch((error) => {
    throw asVendorError(error, `user "${login.username}" could not connect to ${place(server)}`)
  })

  async function command(doing: string, ...words: readonly string[]): Promise<Reply> {
    try {
      return await connection.command(...words)
    } catch (error) {
      throw asVendorError(error, `${doing} on ${place(server)} failed`)
    }
  }

  /** For questions that decide nothing. */
  async function ask(...words: readonly string[]): Promise<Reply | undefined> {
    try {
      return await connection.command(...words)
    } catch (error) {
      if (error instanceof ReplyError) return undefined
      throw asVendorError(error, `asking ${place(server)} failed`)
    }
  }

  return {
    async getUser(username) {
      const reply = await command(`looking at user "${username}"`, 'ACL', 'GETUSER', username)
      if (!Array.isArray(reply)) return undefined
      const entry = (name: string) => {
        const value: unknown = reply[reply.indexOf(name) + 1]
        return Array.isArray(value) ? value.map(String) : []
      }
      return { flags: entry('flags'), passwordHashes: entry('passwords') }
    },

    async whyNotAllowed(username) {
      const reply = await ask('ACL', 'DRYRUN', login.username, 'ACL', 'SETUSER', username)
      return typeof reply === 'string' && reply !== 'OK' ? reply.slice(0, 200) : undefined
    },

    async replication() {
      const reply = await ask('ROLE')
      if (!Array.isArray(reply)) return undefined
      if (reply[0] === 'slave') return 'replica'
      return Array.isArray(reply[2]) ? reply[2].length : 0
    },

    async addPassword(username, hash) {
      await command(`adding a password to user "${username}"`, 'ACL', 'SETUSER', username, `#${hash}`)
    },

    async removePasswords(username, hashes) {
      for (const hash of hashes) {
        try {
          await command(`removing a password of user "${username}"`, 'ACL', 'SETUSER', username, `!${hash}`)
        } catch (error) {
          // Somebody else, or the run before, was here first.
          if (!/does not exist/.test((error as Error).message)) throw error
        }
      }
    },

    async save() {
      try {
        await connection.command('ACL', 'SAVE')
        return undefined
      } catch (error) {
        if (!(error instanceof ReplyError)) throw asVendorError(error, `saving the users of ${place(server)} failed`)
        return /not configured to use an ACL file/.test(error.message)
          ? 'it has no ACL file (`aclfile`)'
          : errorText(error)
      }
    },

    close: () => connection.close(),
  }
}

/** Logs in, nothing more. Throws `VendorError` when the server cannot be reached or asked. */
export async function tryRedisLogin(
  server: ServerAddress,
  login: RedisLogin,
  timing: RedisTiming,
): Promise<LoginOutcome> {
  try {
    const connection = await logIn(server, login, timing)
    connection.close()
    return { kind: 'works' }
  } catch (error) {
    if (error instanceof ReplyError) {
      if (error.code === 'WRONGPASS') return { kind: 'wrong' }
      if (!isPassing(error)) {
        return inconclusive(`user "${login.username}" could not log in to ${place(server)}: ${errorText(error)}`)
      }
    }
    throw asVendorError(error, `user "${login.username}" could not connect to ${place(server)}`)
  }
}

async function logIn(server: ServerAddress, login: RedisLogin, timing: RedisTiming): Promise<RespConnection> {
  const { connectMs, commandMs } = timing
  const connection = await RespConnection.open({ server, connectMs, commandMs })
  try {
    await connection.command('AUTH', login.username, login.password.reveal())
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

const hints: Readonly<Record<string, string>> = {
  ...connectionHints,
  ETIMEDOUT: 'check the host and port, whether a firewall is in between, and whether the server speaks TLS there',
  ECONNRESET: 'the server hung up: check whether it wants TLS or a client certificate, and its `maxclients`',
  WRONGPASS: 'check the user name and password of `login`, and whether that user is on',
  NOPERM: 'the user of `login` needs +acl|getuser +acl|setuser +acl|save',
  DENIED: 'the server is in protected mode: see `bind` and `requirepass` in its configuration',
  LOADING: 'the server is still reading its data: try again in a moment',
  BUSY: 'a script is running on the server: wait for it, or end it with SCRIPT KILL',
  NOT_REDIS: 'check the host, port and `tls`',
}

function errorText(error: ReplyError): string {
  return error.message.replace(/\s+/g, ' ').slice(0, 200)
}

/** It starts, is busy, fails over or has too many clients, all of which passes by itself. */
function isPassing(error: ReplyError): boolean {
  const { code, message } = error
  return (
    ['LOADING', 'BUSY', 'TRYAGAIN', 'MASTERDOWN', 'CLUSTERDOWN', 'NOREPLICAS'].includes(code) ||
    /max(imum)? number of clients/i.test(message)
  )
}

function asVendorError(error: unknown, what: string): VendorError {
  const fromServer = error instanceof ReplyError
  const raw = (error as { code?: string }).code
  const fault = fromServer ? undefined : tlsFault(raw)
  const code = fault?.code ?? raw ?? 'Error'
  // OpenSSL's own words where the other side does not speak TLS say nothing.
  const text = fromServer
    ? errorText(error)
    : fault === undefined || code === 'NO_TLS'
      ? code
      : `${code}: ${fault.detail}`
  return new VendorError(`${what}: ${text}`, {
    rotator: 'redis-acl',
    code,
    // Read before they are carried out; a lack of memory or a failover may be noticed later.
    refused: fromServer && ['ERR', 'NOPERM', 'WRONGPASS', 'NOAUTH', 'DENIED'].includes(code),
    hint: /unknown (sub)?command/i.test(text)
      ? 'ACL needs Redis 6, and not every hosted Redis allows it'
      : fault === undefined
        ? hints[code]
        : tlsHint(fault),
    transient: fromServer ? isPassing(error) : isPassingFault(code),
  })
}
