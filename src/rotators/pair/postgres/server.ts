import type { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import type { Secret } from '../../../secret.ts'
import { inconclusive, type LoginOutcome } from '../../log-in.ts'
import { isSocketPath, place } from '../../server-address.ts'
import { serverNameOf, tlsFault, tlsHint, tlsOptions } from '../../tls/index.ts'
import { connectionHints, isPassingFault, VendorError } from '../../vendor-error.ts'
import type { PairTiming } from '../kit/index.ts'
import type { Database, ManagingUser } from '../kit/types.ts'

/** The part of a pair's timing that a connection needs. */
type PostgresTiming = Pick<PairTiming, 'connectMs' | 'queryMs'>

/** A connection as the managing user. */
export interface ManagerSession {
  /**
   * The process that the server, or a pooler in front of it, has named when
   * the connection was made.
   */
  readonly processId: number | undefined
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Sets a password by its verifier. The name is quoted; the verifier is sent as it is. */
  setPassword(username: string, verifier: string): Promise<void>
  close(): Promise<void>
}

export async function connectManager(
  database: Database,
  manager: ManagingUser,
  timing: PostgresTiming,
): Promise<ManagerSession> {
  const attempt = await connect(database, manager.username, manager.password, timing)
  if (attempt.error !== undefined) {
    throw asPostgresError(attempt.error, `managing user "${manager.username}" could not connect to ${place(database)}`)
  }
  const { client } = attempt
  return {
    processId: (client as unknown as { processID?: number | null }).processID ?? undefined,
    async query<Row>(text: string, values: readonly unknown[] = []) {
      try {
        return (await client.query(text, [...values])).rows as Row[]
      } catch (error) {
        throw asPostgresError(error, `a query on ${place(database)} failed`)
      }
    },
    async setPassword(username, verifier) {
      const statement = `ALTER ROLE ${client.escapeIdentifier(username)} WITH PASSWORD ${client.escapeLiteral(verifier)}`
      for (let tries = 1; ; tries++) {
        try {
          await client.query(statement)
          return
        } catch (error) {
          // A statement of a run that was killed may just have been carried out; ours waited for
          // it, and is then told this.
          const raced = isCode(error, 'XX000') && /tuple concurrently updated/.test((error as Error).message)
          if (raced && tries < 3) continue
          throw asPostgresError(error, `setting the password of role "${username}" on ${place(database)} failed`)
        }
      }
    },
    close: () => client.end().catch(() => {}),
  }
}

/**
 * Logs in and asks for one row. Throws `VendorError` when the server cannot be reached or asked.
 */
export async function tryLogin(
  database: Database,
  username: string,
  password: Secret<string>,
  timing: PostgresTiming,
): Promise<LoginOutcome> {
  const attempt = await connect(database, username, password, timing)
  if (attempt.error === undefined) {
    await attempt.client.end().catch(() => {})
    if (attempt.asked) return { kind: 'works' }
    return inconclusive(`${place(database)} let role "${username}" in without asking for a password (pg_hba.conf)`)
  }
  // Past the password, so it is right: what failed is the right to connect, the number
  // of connections, the query.
  if (attempt.authenticated && attempt.asked) return { kind: 'works' }
  if (isCode(attempt.error, '28P01')) return { kind: 'wrong' }
  if (isPoolerRefusal(attempt.error)) return { kind: 'wrong', by: 'a pooler in front of the server (08P01)' }
  const error = asPostgresError(attempt.error, `role "${username}" could not connect to ${place(database)}`)
  if (isCode(attempt.error, '28000')) return inconclusive(error.reason)
  throw error
}

type Client = import('pg').Client

interface Attempt {
  readonly client: Client
  readonly error?: unknown
  /** True when the server wanted the password. */
  readonly asked: boolean
  readonly authenticated: boolean
}

/** Asked for once: log-ins come by the hundred. */
let driver: Promise<typeof import('../../../vendor/postgres.ts')> | undefined

async function connect(
  database: Database,
  username: string,
  password: Secret<string> | undefined,
  { connectMs, queryMs }: PostgresTiming,
): Promise<Attempt> {
  driver ??= import('../../../vendor/postgres.ts')
  const { Client } = await driver
  let asked = false
  let authenticated = false
  const client = new Client({
    host: database.host,
    port: database.port,
    database: database.database,
    user: username,
    password: () => {
      asked = true
      return password?.reveal() ?? ''
    },
    ssl: tlsOptions(database),
    ...(isRenamed(database) && { host: serverNameOf(database), stream: () => socketTo(database) }),
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    application_name: 'esc',
  })
  // A connection lost between two steps is an event, and would end the process if nobody listened.
  client.on('error', () => {})
  const { connection } = client as unknown as { connection: EventEmitter & { readonly stream: Socket } }
  connection.once('authenticationOk', () => {
    authenticated = true
  })
  try {
    await client.connect()
    await client.query('SELECT 1')
    return { client, asked, authenticated }
  } catch (error) {
    // Not waited for: after some faults of TLS the driver never notices the end.
    client.end().catch(() => {})
    connection.stream.destroy()
    return { client, error, asked, authenticated }
  }
}

/**
 * Returns true where the server goes by another name than the host to connect to. The
 * driver sends the host as SNI.
 */
function isRenamed(database: Database): boolean {
  return serverNameOf(database) !== database.host && !isSocketPath(database.host)
}

/** A socket that connects to the server, whatever name the driver has for it. */
function socketTo({ host, port }: Database): Socket {
  const socket = new Socket()
  const connect = socket.connect.bind(socket) as (port: number, host: string) => Socket
  return Object.assign(socket, { connect: () => connect(port, host) })
}

/**
 * PgBouncer has one code for everything that it says itself. It refuses a password where it keeps a
 * list of its own, and where the server refused what is in that list.
 */
function isPoolerRefusal(error: unknown): boolean {
  return isCode(error, '08P01') && /authentication failed|no such user/i.test((error as Error).message)
}

/**
 * Matches a pooler's messages of something that may be better in a moment: no room, no server, a
 * pause. Anything else stays as it is.
 */
const poolerPassing =
  /no more connections|max_client_conn|too many|cannot connect|server (conn|login|down|shut)|shut(ting)? ?down|timeout|try again|pause|suspend/i

function isCode(error: unknown, code: string): boolean {
  return (error as { code?: unknown } | null)?.code === code
}

const hints: Readonly<Record<string, string>> = {
  ...connectionHints,
  '08P01': 'a pooler has answered: check its log and its list of users, or let `database` name the server itself',
  '28P01': 'check the user name and password',
  '28000': 'pg_hba.conf of the server has no line for this user, database and address',
  '3D000': 'check `database.database`',
  '42501': 'the managing user needs CREATEROLE and, since PostgreSQL 16, ADMIN OPTION on both users',
  '42704': 'create the role first, or correct `rotateUsers`',
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html; 57P04 says that
// the database was dropped.
const passing = /^(08...|53...|57P01|57P02|57P03|57P05|57014|40001|40P01|55P03)$/

function asPostgresError(error: unknown, what: string): VendorError {
  const { code: raw, message = '' } = error as { code?: string; message?: string }
  const fault = tlsFault(raw)
  const fromServer = /^[0-9A-Z]{5}$/.test(raw ?? '') && (error as { severity?: string }).severity !== undefined
  let code = raw
  let hint: string | undefined
  let text = fromServer ? (message.split('\n', 1)[0] ?? '').slice(0, 200) : ''
  if (!fromServer) {
    if (/timeout/i.test(message)) code = 'ETIMEDOUT'
    else if (/does not support SSL/.test(message)) code = 'NO_TLS'
    else if (/password must be a (non-empty )?string/.test(message)) {
      code = '28P01'
      text = 'the server asks for a password'
    } else if (fault !== undefined) {
      code = fault.code
      text = fault.detail
      hint = tlsHint(fault)
    } else if (raw === undefined) text = 'the connection was lost'
  }
  const detail = [code, text].filter(Boolean).join(': ')
  return new VendorError(`${what}${detail ? `: ${detail}` : ''}`, {
    rotator: 'postgres',
    code,
    refused: /^(0A|0L|0P|22|25|28|42)/.test(code ?? ''),
    hint: hint ?? (code === '28000' && /certificate/i.test(text) ? hints.CLIENT_CERTIFICATE : hints[code ?? '']),
    // Too many connections, starting up or shutting down, a lock or deadlock; or a connection
    // that ended without a word.
    transient:
      (code === '08P01' ? poolerPassing.test(message) && !isPoolerRefusal(error) : passing.test(code ?? '')) ||
      code === undefined ||
      isPassingFault(code),
  })
}
