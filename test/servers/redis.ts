import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Reply, RespConnection } from '../../src/rotators/chosen/redis-acl/resp.ts'
import type { Tls } from '../../src/rotators/tls/index.ts'
import { secret } from '../../src/secret.ts'
import { findBinary, missingBinaries } from './binary.ts'
import type { ServerTls } from './certificate.ts'
import { startDaemon } from './daemon.ts'

/** A real Redis of its own, with an ACL file. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly admin: { readonly username: string; readonly password: string }
  /** Everything the server has logged so far, and every command it was sent. */
  log(): Promise<string>
  /** The ACL file as it was last saved. */
  savedUsers(): string
  /** Runs a command as the administrator. */
  command(...words: readonly string[]): Promise<Reply>
  /** `true`, or the first word of the refusal. */
  login(username: string, password: string): Promise<true | string>
  stop(): Promise<void>
}

export interface RedisOptions {
  /** PEM; the only port then speaks TLS. */
  readonly tls?: ServerTls
  /** Default true. */
  readonly aclFile?: boolean
}

/** What is missing to start one. */
export const missingRedis = () => missingBinaries('redis-server')
export const redisPackages = 'redis-server'

let shared: Promise<RedisServer> | undefined

/** One server for a whole test run. It ends with the process, however that ends. */
export function sharedRedis(): Promise<RedisServer> {
  shared ??= startRedis()
  return shared
}

export async function startRedis({ tls, aclFile = true }: RedisOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-redis-'))
  const host = '127.0.0.1'
  const admin = { username: 'admin', password: randomBytes(12).toString('hex') }
  const users = join(folder, 'users.acl')
  const adminUser = `user ${admin.username} on >${admin.password} ~* &* +@all`
  if (aclFile) writeFileSync(users, `user default off\n${adminUser}\n`)
  const settings = [
    'save ""',
    'slowlog-log-slower-than 0',
    'slowlog-max-len 100000',
    'repl-diskless-sync-delay 0',
    `dir ${folder}`,
    `bind ${host}`,
  ]
  settings.push(...(aclFile ? [`aclfile ${users}`] : ['user default off', adminUser]))
  if (tls !== undefined) {
    writeFileSync(join(folder, 'key.pem'), tls.key, { mode: 0o600 })
    writeFileSync(join(folder, 'certificate.pem'), tls.certificate)
    const { clientAuthority } = tls
    settings.push('port 0', `tls-auth-clients ${clientAuthority === undefined ? 'no' : 'yes'}`)
    if (clientAuthority !== undefined) {
      writeFileSync(join(folder, 'clients.pem'), clientAuthority)
      settings.push(`tls-ca-cert-file ${join(folder, 'clients.pem')}`)
    }
    settings.push(`tls-key-file ${join(folder, 'key.pem')}`, `tls-cert-file ${join(folder, 'certificate.pem')}`)
  }
  writeFileSync(join(folder, 'redis.conf'), `${settings.join('\n')}\n`)
  const daemon = await startDaemon({
    folder,
    command: findBinary('redis-server')!,
    args: (port) => [join(folder, 'redis.conf'), tls === undefined ? '--port' : '--tls-port', String(port)],
    ready: /Ready to accept connections/,
  })
  const { port } = daemon
  const open = () =>
    RespConnection.open({
      server: { host, port, tls: ownTls(tls) },
      connectMs: 5_000,
      commandMs: 5_000,
    })
  const command = async (...words: readonly string[]) => {
    const connection = await open()
    try {
      await connection.command('AUTH', admin.username, admin.password)
      return await connection.command(...words)
    } finally {
      connection.close()
    }
  }
  return {
    host,
    port,
    admin,
    log: async () => daemon.log() + JSON.stringify(await command('SLOWLOG', 'GET', '-1')),
    savedUsers: () => readFileSync(users, 'utf8'),
    command,
    async login(username, password) {
      const connection = await open()
      try {
        await connection.command('AUTH', username, password)
        return true
      } catch (error) {
        return (error as { code?: string }).code ?? String(error)
      } finally {
        connection.close()
      }
    },
    stop: () => daemon.stop(),
  }
}

function ownTls(tls: ServerTls | undefined): Tls {
  if (tls === undefined) return { mode: 'disable' }
  const { client } = tls
  return { mode: 'require', ...(client && { cert: client.certificate, key: secret(client.key) }) }
}
