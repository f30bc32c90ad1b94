import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { findBinary, missingBinaries, unprivilegedAccount } from './binary.ts'
import type { ServerTls } from './certificate.ts'
import { startDaemon } from './daemon.ts'

/**
 * A real MariaDB of its own, every statement in its query log and every change in its binary log.
 */
export interface MariaDbServer {
  readonly host: string
  readonly port: number
  /** Path of its unix socket. */
  readonly socket: string
  /** Everything the server has logged so far: errors, statements, and the binary log as bytes. */
  log(): string
  /** Runs statements as the superuser and returns the rows of the last one. */
  sql(...statements: readonly string[]): Promise<Record<string, unknown>[]>
  /** `true`, or the number of the refusal. */
  login(username: string, password: string): Promise<true | number | string>
  stop(): Promise<void>
}

export interface MariaDbOptions {
  /** PEM; turns TLS on. */
  readonly tls?: ServerTls
}

/** What is missing to start one. */
export const missingMariaDb = () => missingBinaries('mariadbd', 'mariadb-install-db')
export const mariaDbPackages = 'mariadb-server'

let shared: Promise<MariaDbServer> | undefined

/** One server for a whole test run. It ends with the process, however that ends. */
export function sharedMariaDb(): Promise<MariaDbServer> {
  shared ??= startMariaDb()
  return shared
}

export async function startMariaDb({ tls }: MariaDbOptions = {}): Promise<MariaDbServer> {
  const account = unprivilegedAccount('mysql')
  const folder = mkdtempSync(join(tmpdir(), 'esc-mariadb-'))
  const own = (path: string) => account && chownSync(path, account.uid, account.gid)
  own(folder)
  const data = join(folder, 'data')
  const initialised = spawnSync(
    findBinary('mariadb-install-db')!,
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { ...account, encoding: 'utf8', cwd: folder },
  )
  if (initialised.status !== 0) throw new Error(`mariadb-install-db failed: ${initialised.error ?? initialised.stderr}`)
  const settings: string[] = []
  if (tls !== undefined) {
    for (const [name, text] of Object.entries({ key: tls.key, cert: tls.certificate, ca: tls.clientAuthority })) {
      if (text === undefined) continue
      const path = join(folder, `${name}.pem`)
      writeFileSync(path, text, { mode: 0o600 })
      own(path)
      settings.push(`--ssl-${name}=${path}`)
    }
  }
  const host = '127.0.0.1'
  const daemon = await startDaemon({
    folder,
    command: findBinary('mariadbd')!,
    args: (port) => [
      '--no-defaults',
      `--datadir=${data}`,
      // Each server removes what it takes for left over in its folder for temporary files, at its
      // start.
      `--tmpdir=${folder}`,
      `--socket=${join(folder, 'socket')}`,
      `--port=${port}`,
      `--bind-address=${host}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--log-bin=${join(data, 'binary')}`,
      '--general-log=1',
      `--general-log-file=${join(data, 'statements.log')}`,
      '--innodb-flush-log-at-trx-commit=0',
      ...settings,
    ],
    account,
    ready: /ready for connections/,
  })
  const { port } = daemon

  // The superuser comes by TCP too, as anybody else would, so it needs a password.
  const password = randomBytes(12).toString('hex')
  const asRoot = (rootPassword: string) => createConnection({ host, port, user: 'root', password: rootPassword })
  const first = await asRoot('')
  await first.query(`SET PASSWORD FOR root@localhost = PASSWORD('${password}')`)
  await first.end()
  return {
    host,
    port,
    socket: join(folder, 'socket'),
    log: () =>
      [daemon.log(), ...readdirSync(data).filter((name) => /^(statements\.log|binary\.\d+)$/.test(name))]
        .map((each, index) => (index === 0 ? each : readFileSync(join(data, each), 'latin1')))
        .join('\n'),
    async sql(...statements) {
      const root = await asRoot(password)
      let rows: unknown
      try {
        for (const statement of statements) [rows] = await root.query(statement)
      } finally {
        await root.end()
      }
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
    },
    async login(user, userPassword) {
      try {
        const connection = await createConnection({ host, port, user, password: userPassword })
        await connection.query('SELECT 1')
        await connection.end()
        return true
      } catch (error) {
        const { errno, message } = error as { errno?: number; message: string }
        return errno ?? message
      }
    },
    stop: () => daemon.stop(),
  }
}
