import { EscError } from '../../errors.ts'
import { account, type MySqlSession, quoteName, quoteText } from './connection.ts'
import { clientHosts, hostMatches, isMoreSpecific } from './host-pattern.ts'

export interface ServerFacts {
  readonly flavor: 'mariadb' | 'mysql'
  /** Major, minor, patch. */
  readonly version: readonly [number, number, number]
  /** As the server says it. */
  readonly versionText: string
  readonly readOnly: boolean
  /**
   * MariaDB: a password policy is in force that hashes cannot satisfy, so the server
   * wants the password itself.
   */
  readonly wantsClearText: boolean
  /** MySQL: statements are logged as they came, passwords in them included. */
  readonly logsRaw: boolean
}

export async function readFacts(session: MySqlSession): Promise<ServerFacts> {
  const [row] = await session.query<{ version: string; comment: string; readOnly: number }>(
    'SELECT VERSION() AS version, @@version_comment AS comment, @@global.read_only AS readOnly',
    'asking for the version',
  )
  const versionText = row?.version ?? ''
  const flavor = /mariadb/i.test(`${versionText} ${row?.comment ?? ''}`) ? 'mariadb' : 'mysql'
  // Replicas of MariaDB 10 once had "5.5.5-" before the version.
  const [, major = 0, minor = 0, patch = 0] = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(versionText) ?? []
  return {
    flavor,
    version: [Number(major), Number(minor), Number(patch)],
    versionText,
    readOnly: Number(row?.readOnly) === 1,
    wantsClearText: flavor === 'mariadb' && (await hasStrictPolicy(session)),
    logsRaw: flavor === 'mysql' && (await variable(session, 'log_raw')) === '1',
  }
}

export function atLeast({ version }: ServerFacts, ...wanted: readonly [number, number, number]): boolean {
  const index = wanted.findIndex((part, place) => part !== version[place])
  return index === -1 || (version[index] ?? 0) > (wanted[index] ?? 0)
}

async function hasStrictPolicy(session: MySqlSession): Promise<boolean> {
  if ((await variable(session, 'strict_password_validation')) !== '1') return false
  const rows = await session.query(
    `SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' AND PLUGIN_STATUS = 'ACTIVE'`,
    'asking for password policies',
  )
  return rows.length > 0
}

/** Undefined where the server has no such variable. */
async function variable(session: MySqlSession, name: string): Promise<string | undefined> {
  try {
    const [row] = await session.query<{ value: unknown }>(`SELECT @@global.${name} AS value`, `asking for ${name}`)
    return String(row?.value)
  } catch (error) {
    if ((error as { vendorCode?: string }).vendorCode === '1193') return undefined
    throw error
  }
}

/** One way in which an account may log in: its plugin and what that stores. */
export interface AuthenticationMethod {
  readonly plugin: string
  readonly stored: string
}

/**
 * Demand of an account on the connection. `certain certificate`: one of an issuer or
 * subject that the account names.
 */
export type TlsRequirement = 'optional' | 'required' | 'client certificate' | 'certain certificate'

export type Account =
  | { readonly kind: 'missing'; readonly otherHosts: readonly string[] }
  /** The managing user may not look. */
  | { readonly kind: 'unreadable' }
  | {
      readonly kind: 'found'
      readonly methods: readonly AuthenticationMethod[]
      readonly locked: boolean
      readonly tls: TlsRequirement
      readonly otherHosts: readonly string[]
      /**
       * Accounts, as SQL, that the server would take instead for somebody who logs
       * in from here by this name.
       */
      readonly inFront: readonly string[]
    }

/** Reads the server's record of an account. */
export async function readAccount(
  session: MySqlSession,
  { flavor }: ServerFacts,
  { username, host }: { readonly username: string; readonly host: string },
): Promise<Account> {
  const doing = `looking at user "${username}"`
  // As text: the driver would make an object of a JSON column, or not, as the server describes it.
  const columns =
    flavor === 'mariadb'
      ? 'User AS user, Host AS host, CAST(Priv AS CHAR) AS priv FROM mysql.global_priv'
      : 'User AS user, Host AS host, plugin, authentication_string AS stored, account_locked AS locked, ssl_type AS ssl FROM mysql.user'
  let rows: StoredAccount[]
  try {
    // Accounts without a name are for everybody.
    rows = await session.query<StoredAccount>(`SELECT ${columns} WHERE User IN (${quoteText(username)}, '')`, doing)
  } catch (error) {
    if (['1044', '1142', '1143'].includes((error as { vendorCode?: string }).vendorCode ?? '')) {
      return { kind: 'unreadable' }
    }
    throw error
  }
  // The names of users are compared as they are written; the collation of the column may see less.
  const named = rows.filter((row) => row.user === username)
  const otherHosts = named.map((row) => row.host).filter((each) => each !== host)
  const row = named.find((each) => each.host === host)
  if (row === undefined) return { kind: 'missing', otherHosts }
  const specific = rows.filter((each) => isMoreSpecific(each.host, host))
  const seen = specific.length === 0 ? [] : clientHosts(await hostOfClient(session))
  const inFront = specific.filter((each) => seen.some((client) => hostMatches(each.host, client)))
  return {
    kind: 'found',
    otherHosts,
    inFront: inFront.map((each) => account(each.user, each.host)),
    ...(row.priv === undefined ? fromMySql(row) : fromMariaDb(String(row.priv))),
  }
}

/** The host that the server sees us come from. */
async function hostOfClient(session: MySqlSession): Promise<string> {
  const [row] = await session.query<{ client: string }>('SELECT USER() AS client', 'asking where it sees us come from')
  return row?.client.slice(row.client.lastIndexOf('@') + 1) ?? ''
}

interface StoredAccount {
  readonly user: string
  readonly host: string
  readonly priv?: unknown
  readonly plugin?: string
  readonly stored?: unknown
  readonly locked?: string
  readonly ssl?: unknown
}

type Details = Omit<Extract<Account, { kind: 'found' }>, 'kind' | 'otherHosts' | 'inFront'>

function fromMySql({ plugin = '', stored, locked, ssl }: StoredAccount): Details {
  const type = String(ssl ?? '')
  return {
    methods: [{ plugin, stored: String(stored ?? '') }],
    locked: locked === 'Y',
    tls: ({ '': 'optional', ANY: 'required', X509: 'client certificate' } as const)[type] ?? 'certain certificate',
  }
}

/**
 * `{"plugin": …, "authentication_string": …, "auth_or": [{}, {"plugin": …}]}`: the empty one
 * stands for the outer pair.
 */
function fromMariaDb(priv: string): Details {
  const stored = JSON.parse(priv) as {
    plugin?: string
    authentication_string?: string
    auth_or?: readonly { plugin?: string; authentication_string?: string }[]
    account_locked?: boolean
    ssl_type?: number
  }
  const method = ({ plugin = 'mysql_native_password', authentication_string = '' }: typeof stored) => ({
    plugin,
    stored: authentication_string,
  })
  const sslType = stored.ssl_type ?? 0
  return {
    methods: (stored.auth_or ?? [{}]).map((each) => method(Object.keys(each).length === 0 ? stored : each)),
    locked: stored.account_locked === true,
    tls: (['optional', 'required', 'client certificate'] as const)[sslType] ?? 'certain certificate',
  }
}

/** Throws where it can be told that the managing user may not change passwords. */
export async function requireCreateUser(session: MySqlSession, rotator: string, managerName: string): Promise<void> {
  const rows = await session.query<Record<string, string>>('SHOW GRANTS', 'looking at the rights of the managing user')
  const grants = rows.map((row) => Object.values(row)[0] ?? '')
  const allowed = grants.some(
    (grant) =>
      /^GRANT [^`']*\b(ALL PRIVILEGES|CREATE USER)\b[^`']* ON \*\.\* TO /.test(grant) ||
      /^GRANT [^`']*\b(ALL PRIVILEGES|UPDATE)\b[^`']* ON (\*|`mysql`)\.\* TO /.test(grant),
  )
  // What a role brings is not listed everywhere.
  const hasRoles = grants.some((grant) => !/ ON /.test(grant))
  if (allowed || hasRoles) return
  throw new EscError('rotation_failed', `${rotator}: managing user "${managerName}" may not change passwords (1227)`, {
    hint: `run GRANT CREATE USER ON *.* TO ${quoteName(managerName)}`,
  })
}
