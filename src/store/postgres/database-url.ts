import { EscError } from '../../errors.ts'

/** The database that a URL names. */
export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** The schema in which the tables are. Default: `esc`. */
  readonly schema: string
  /** `off`: in the clear, for a server on this machine. `verified`: by its certificate. */
  readonly tls: 'off' | 'verified'
  /** Path of a file with the certificates to trust, in PEM. Default: those of Node. */
  readonly tlsAuthorityFile: string | undefined
}

const parameters = ['sslmode', 'sslrootcert', 'schema', 'host'] as const

/** True for a text that names a database and not a folder. */
function isDatabaseUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text)
}

/**
 * Reads `postgres://user:password@host:port/database`. Parameters: `sslmode` (`disable`, `require`,
 * `verify-full`; default `verify-full`, and `disable` for this machine), `sslrootcert`, `schema`,
 * and `host` for the folder of a Unix socket.
 * @throws EscError `usage`, which never holds the password.
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const refuse = (problem: string, hint: string) =>
    new EscError('usage', `the URL of the database ${problem}`, { hint })
  const form = 'write postgres://USER@HOST:5432/DATABASE'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw refuse('cannot be read', form)
  }
  if (!isDatabaseUrl(text)) throw refuse('is not one of PostgreSQL', form)
  for (const name of url.searchParams.keys()) {
    if (!parameters.some((known) => known === name)) {
      throw refuse(`has the unknown parameter "${name}"`, `known are ${parameters.join(', ')}`)
    }
  }
  const socket = url.searchParams.get('host')
  if (socket !== null && !socket.startsWith('/')) {
    throw refuse('has a parameter "host" that is not a folder', 'it is for the folder of a Unix socket')
  }
  const host = socket ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const database = decodeURIComponent(url.pathname.slice(1))
  if (host === '') throw refuse('names no host', form)
  if (database === '' || database.includes('/')) throw refuse('names no database', form)
  const schema = url.searchParams.get('schema') ?? 'esc'
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw refuse(`names the schema "${schema}"`, 'use small letters, digits and "_", at most 63')
  }
  const isHere = socket !== null || ['localhost', '127.0.0.1', '::1'].includes(host)
  const mode = url.searchParams.get('sslmode') ?? (isHere ? 'disable' : 'verify-full')
  if (!['disable', 'require', 'verify-full'].includes(mode)) {
    throw refuse(`has the sslmode "${mode}"`, 'use verify-full, which require means as well, or disable')
  }
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    schema,
    tls: mode === 'disable' ? 'off' : 'verified',
    tlsAuthorityFile: url.searchParams.get('sslrootcert') ?? undefined,
  }
}

/** The database for people, without user and password: `db.example.com/esc`. */
export function nameOfDatabase({ host, port, database, schema }: DatabaseAddress): string {
  const place = `${host.replaceAll('/', '+')}${port === 5432 ? '' : `:${port}`}/${database}`
  return schema === 'esc' ? place : `${place}/${schema}`
}
