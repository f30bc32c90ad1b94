import { chownSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary, missingBinaries, unprivilegedAccount } from './binary.ts'
import { startDaemon } from './daemon.ts'

/** A real PgBouncer in front of a PostgreSQL, with a list of users and passwords of its own. */
export interface PgBouncerServer {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

export interface PgBouncerOptions {
  /** The server behind it. */
  readonly server: { readonly host: string; readonly port: number }
  /** User names and passwords, as PgBouncer knows them. */
  readonly users: Readonly<Record<string, string>>
  readonly authType?: 'scram-sha-256' | 'md5' | 'plain'
  /** Further lines of its configuration. */
  readonly settings?: Readonly<Record<string, string>>
}

/** What is missing to start one. */
export const missingPgBouncer = () => missingBinaries('pgbouncer')
export const pgBouncerPackages = 'pgbouncer'

export async function startPgBouncer({
  server,
  users,
  authType = 'scram-sha-256',
  settings: given = {},
}: PgBouncerOptions): Promise<PgBouncerServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-pgbouncer-'))
  const account = unprivilegedAccount('postgres')
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const list = Object.entries(users).map(([name, password]) => `${quoted(name)} ${quoted(password)}\n`)
  writeFileSync(join(folder, 'users.txt'), list.join(''))
  const configure = (port: number) => {
    const path = join(folder, `pgbouncer-${port}.ini`)
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      auth_type: authType,
      auth_file: join(folder, 'users.txt'),
      pool_mode: 'transaction',
      unix_socket_dir: '',
      ignore_startup_parameters: 'extra_float_digits',
      ...given,
    }
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
    writeFileSync(path, `[databases]\n* = host=${server.host} port=${server.port}\n[pgbouncer]\n${lines.join('\n')}\n`)
    return path
  }
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  const daemon = await startDaemon({
    folder,
    command: findBinary('pgbouncer')!,
    args: (port) => [configure(port)],
    account,
    ready: /process up/,
  })
  return { host: '127.0.0.1', port: daemon.port, stop: () => daemon.stop() }
}
