import type { Secret } from '../../secret.ts'
import { inconclusive, type LoginOutcome } from '../log-in.ts'
import { connectTo, isSocketPath, place, type ServerAddress } from '../server-address.ts'
import { serverNameOf, tlsFault, tlsHint, tlsOptions, verifiesName } from '../tls/index.ts'
import { connectionHints, isPassingFault, VendorError } from '../vendor-error.ts'
import { signEd25519 } from './ed25519.ts'

/** Milliseconds. */
export interface MySqlTiming {
  readonly connectMs: number
  readonly queryMs: number
}

export interface MySqlLogin {
  readonly username: string
  /** Absent when the server knows the user by the socket or the client certificate. */
  readonly password?: Secret<string>
}

/** An open session. Faults are thrown as `VendorError`. */
export interface MySqlSession {
  /**
   * `doing`, for messages, such as `setting the password of user "app"`. The
   * statement itself is never quoted.
   */
  query<Row = object>(statement: string, doing: string): Promise<Row[]>
  close(): Promise<void>
}

/** Opens a session in which strings and names are quoted as `quoteText` and `quoteName` do it. */
export async function connectMySql(
  rotator: string,
  server: ServerAddress,
  login: MySqlLogin,
  timing: MySqlTiming,
): Promise<MySqlSession> {
  const who = `managing user "${login.username}"`
  const connection = await open(server, login, timing).catch((error) => {
    throw asVendorError(error, rotator, `${who} could not connect to ${place(server)}`)
  })
  const session: MySqlSession = {
    async query<Row>(statement: string, doing: string) {
      try {
        const [rows] = await connection.query({ sql: statement, timeout: timing.queryMs })
        return rows as Row[]
      } catch (error) {
        throw asVendorError(error, rotator, `${doing} on ${place(server)} failed`)
      }
    },
    close: () => close(connection),
  }
  // Whatever the server's default: no ANSI_QUOTES, no NO_BACKSLASH_ESCAPES.
  await session.query(`SET SESSION sql_mode = ''`, 'preparing the session').catch(async (error) => {
    await session.close()
    throw error
  })
  return session
}

/**
 * Logs in and asks for one row. Throws `VendorError` when the server cannot be reached or asked.
 */
export async function tryMySqlLogin(
  rotator: string,
  server: ServerAddress,
  login: MySqlLogin,
  timing: MySqlTiming,
): Promise<LoginOutcome> {
  try {
    const connection = await open(server, login, timing)
    try {
      await connection.query({ sql: 'SELECT 1', timeout: timing.queryMs })
    } finally {
      await close(connection)
    }
    return { kind: 'works' }
  } catch (error) {
    const fault = asVendorError(error, rotator, `user "${login.username}" could not connect to ${place(server)}`)
    const code = fault.vendorCode ?? ''
    if (code === '1045') return { kind: 'wrong' }
    if (pastThePassword.includes(code)) return { kind: 'works' }
    if (besideThePassword.includes(code)) return inconclusive(fault.reason)
    throw fault
  }
}

/** A name of a user, host or database as SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A string as SQL, with the sql_mode that `connectMySql` sets. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\0', '\\0')}'`
}

export function account(username: string, host: string): string {
  return `${quoteName(username)}@${quoteName(host)}`
}

/**
 * No right to a database, no such database, too many connections of this user, a
 * password that has expired.
 */
const pastThePassword = ['1044', '1049', '1203', '1226', '1820', '1862']

/**
 * This host may not connect or is blocked, another way to authenticate, a locked
 * account, TLS is insisted on.
 */
const besideThePassword = [
  '1129',
  '1130',
  '1698',
  '3118',
  '3159',
  '4151',
  'AUTH_SWITCH_PLUGIN_ERROR',
  'MYSQL_CLEAR_PASSWORD_NOT_ENABLED',
]

type Connection = import('mysql2/promise').Connection

async function open(server: ServerAddress, login: MySqlLogin, { connectMs }: MySqlTiming): Promise<Connection> {
  const { createConnection } = await import('../../vendor/mysql.ts')
  const { host, port } = server
  const tls = tlsOptions(server)
  const serverName = serverNameOf(server)
  const connection = await createConnection({
    // Its name for TLS; `stream` makes the connection.
    host: serverName,
    port,
    // Over a socket nobody listens in, so plugins that want TLS otherwise do without.
    ...(isSocketPath(host) && { socketPath: host }),
    user: login.username,
    password: login.password?.reveal() ?? '',
    authPlugins: { client_ed25519: () => (nonce: Buffer) => signEd25519(login.password?.reveal() ?? '', nonce) },
    connectTimeout: connectMs,
    connectAttributes: { program_name: 'esc' },
    ...(tls !== false && { ssl: { ...tls, verifyIdentity: verifiesName(server) } }),
    stream: () => {
      const socket = connectTo(server)
      socket.setNoDelay(true)
      // The driver gives TLS no name to compare with where the host is an address; Node
      // then takes the socket's.
      ;(socket as unknown as { _host: string })._host = serverName
      return socket
    },
  })
  // A connection lost between two steps is an event, and would end the process if nobody listened.
  connection.on('error', () => {})
  return connection
}

async function close(connection: Connection): Promise<void> {
  await connection.end().catch(() => connection.destroy())
}

const hints: Readonly<Record<string, string>> = {
  ...connectionHints,
  1045: 'check the user name and password, from which hosts the user may connect, and whether it must use TLS or show a client certificate',
  1698: 'the account is for a system user: let `database.host` be the path of the unix socket, and run as that user',
  AUTH_SWITCH_PLUGIN_ERROR:
    'esc logs in with mysql_native_password, ed25519, caching_sha2_password, sha256_password, and over a unix socket',
  1130: 'the server has no account that may connect from this address',
  1142: 'the managing user needs more rights: see "mysql" in docs/rotators.md',
  1227: 'run GRANT CREATE USER ON *.* for the managing user',
  1290: 'look at the options of the server that the message names',
  1396: 'create the user first, or correct its name and host',
  1819: 'the password policy of the server refuses 32 random letters, digits, _ and -; relax it for this user',
  3159: 'the server insists on TLS: set `tls` to {mode: verify-full}',
}

/** Codes with which the server says that it did nothing. */
const refusals = /^(1044|1045|1064|1130|1142|1227|1290|1364|1372|1396|1470|1524|1819|3894|4031)$/

// Too many connections, shutting down, killed, a fault between server and client, a lock or
// deadlock, no longer available; or a connection that ended without a word.
const passing =
  /^(1040|1053|1152|1158|1159|1160|1161|1184|1203|1205|1213|1226|1317|1927|3168|3169|PROTOCOL_CONNECTION_LOST)$/

/**
 * Node's code for a fault of TLS. The driver writes its own over it, so that
 * only the words are left.
 */
function tlsCodeOf({
  code,
  message = '',
  reason,
}: {
  code?: string
  message?: string
  reason?: string
}): string | undefined {
  if (code !== 'HANDSHAKE_SSL_ERROR') return code
  if (/altnames/.test(message)) return 'ERR_TLS_CERT_ALTNAME_INVALID'
  if (/certificate has expired/.test(message)) return 'CERT_HAS_EXPIRED'
  if (/not yet valid/.test(message)) return 'CERT_NOT_YET_VALID'
  return reason !== undefined && /^[\w /-]+$/.test(reason)
    ? `ERR_SSL_${reason.toUpperCase().replace(/[ /-]/g, '_')}`
    : undefined
}

function asVendorError(error: unknown, rotator: string, what: string): VendorError {
  const fault = error as { code?: string; errno?: number; sqlState?: string; message?: string; reason?: string }
  const fromServer = typeof fault.errno === 'number' && fault.errno > 0
  let code = fromServer ? String(fault.errno) : fault.code
  // What is near a syntax error may be a password.
  let text = fromServer && code !== '1064' ? ((fault.message ?? '').split('\n', 1)[0] ?? '').slice(0, 200) : ''
  let hint: string | undefined
  const ofTls = fromServer ? undefined : tlsFault(tlsCodeOf(fault))
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') code = 'NO_TLS'
  else if (ofTls !== undefined) {
    code = ofTls.code
    text = ofTls.detail
    hint = tlsHint(ofTls)
  } else if (code === 'HANDSHAKE_SSL_ERROR') {
    code = 'BAD_CERTIFICATE'
    text = ((fault.message ?? '').split('\n', 1)[0] ?? '').slice(0, 200)
  } else if (code === 'AUTH_SWITCH_PLUGIN_ERROR') {
    text = /unknown plugin (\w+)/.exec(fault.message ?? '')?.[0] ?? ''
  } else if (code === 'PROTOCOL_SEQUENCE_TIMEOUT') code = 'ETIMEDOUT'
  else if (code === undefined) text = 'the connection was lost'
  const detail = [code, text].filter(Boolean).join(': ')
  return new VendorError(`${what}${detail ? `: ${detail}` : ''}`, {
    rotator,
    code,
    refused: fromServer && refusals.test(code ?? ''),
    hint: hint ?? hints[code ?? ''],
    transient: passing.test(code ?? '') || code === undefined || isPassingFault(code),
  })
}
