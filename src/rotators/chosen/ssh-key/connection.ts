import type { Client, ConnectConfig, SFTPWrapper } from 'ssh2'
import { EscError } from '../../../errors.ts'
import { place } from '../../server-address.ts'
import { connectionHints, VendorError } from '../../vendor-error.ts'
import { type HostKey, isPinned } from './host-keys.ts'

export interface SshServer {
  readonly host: string
  readonly port: number
  readonly hostKeys: readonly HostKey[]
}

/** Texts of whoever logs in: a key, or a password. */
export interface SshUser {
  readonly username: string
  readonly privateKey?: string | undefined
  readonly passphrase?: string | undefined
  readonly password?: string | undefined
}

export interface SshTiming {
  readonly connectMs: number
  readonly requestMs: number
}

export const sshTiming: SshTiming = { connectMs: 20_000, requestMs: 20_000 }

/** The code where the server does not let somebody in. */
export const refusedLogin = 'PERMISSION_DENIED'
const rotator = 'ssh-key'

/**
 * Logs in to a server whose key is one of those that are pinned; before it has proved that it has
 * this key, nothing is sent to it. Only the method that was given is tried.
 *
 * @throws VendorError.
 */
export async function connectSsh(server: SshServer, user: SshUser, { connectMs }: SshTiming): Promise<SshConnection> {
  const { Client } = await import('../../../vendor/ssh.ts')
  const client = new Client()
  const where = place(server)
  let foreignKey = false
  const { username, privateKey, passphrase, password } = user
  const config: ConnectConfig = {
    host: server.host,
    port: server.port,
    username,
    readyTimeout: connectMs,
    hostVerifier: (key: Buffer) => {
      foreignKey = !isPinned(key, server.hostKeys)
      return !foreignKey
    },
    algorithms: { serverHostKey: server.hostKeys.flatMap(({ algorithms }) => algorithms) as never },
    authHandler: [privateKey === undefined ? 'password' : 'publickey'],
    ...(privateKey !== undefined && { privateKey }),
    ...(passphrase !== undefined && { passphrase }),
    ...(password !== undefined && { password }),
  }
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve).once('error', reject)
      client.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
      // Else each small message waits for the acknowledgement of the one before.
      client.connect(config).setNoDelay(true)
    })
  } catch (error) {
    // An error of a connection that is over must not end the process.
    client.on('error', () => {}).end()
    throw foreignKey ? foreignHostKey(where) : faultOf(error, `logging in to ${where} as ${username}`)
  }
  client.on('error', () => {})
  return new SshConnection(client, where)
}

/** One connection of somebody who has logged in. */
export class SshConnection {
  readonly #client: Client
  readonly #where: string
  /** Callers that wait for an answer, which a connection that is gone never gives. */
  readonly #waiting = new Set<(error: Error) => void>()
  #gone = false

  constructor(client: Client, where: string) {
    this.#client = client
    this.#where = where
    client.once('close', () => {
      this.#gone = true
      for (const stop of this.#waiting) stop(connectionLost())
    })
  }

  /** @throws VendorError where the server offers no SFTP. */
  async sftp({ requestMs }: SshTiming): Promise<SFTPWrapper> {
    const doing = `opening SFTP at ${this.#where}`
    return this.request(requestMs, doing, (done) => this.#client.sftp(done))
  }

  /** One request. @throws VendorError, also when the connection ends before its answer. */
  async request<Result>(ms: number, doing: string, ask: Asking<Result>): Promise<Result> {
    if (this.#gone) throw faultOf(connectionLost(), doing)
    let stop = (_: Error) => {}
    const lost = new Promise<never>((_, reject) => {
      stop = (error) => reject(faultOf(error, doing))
    })
    this.#waiting.add(stop)
    try {
      return await Promise.race([within(ms, doing, ask), lost])
    } finally {
      this.#waiting.delete(stop)
    }
  }

  close(): void {
    this.#client.end()
  }
}

/** Sends a request, and hands over what is called with its answer. */
export type Asking<Result> = (done: (error: Error | undefined | null, result: Result) => void) => void

function connectionLost(): Error {
  return Object.assign(new Error('connection lost'), { code: 'ECONNRESET' })
}

function within<Result>(ms: number, doing: string, ask: Asking<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const late = () => reject(faultOf(Object.assign(new Error('no answer'), { code: 'timeout' }), doing))
    const timer = setTimeout(late, ms)
    try {
      ask((error, result) => {
        clearTimeout(timer)
        if (error) reject(faultOf(error, doing))
        else resolve(result)
      })
    } catch (error) {
      clearTimeout(timer)
      reject(faultOf(error, doing))
    }
  })
}

/** Status codes of SFTP (draft-ietf-secsh-filexfer-02, 7) that a request may be answered with. */
export const sftpCodes = { noSuchFile: 'NO_SUCH_FILE', denied: 'DENIED', failure: 'FAILURE' } as const
const sftpNames: Readonly<Record<number, string>> = {
  2: sftpCodes.noSuchFile,
  3: sftpCodes.denied,
  4: sftpCodes.failure,
}

function faultOf(error: unknown, doing: string): VendorError {
  if (error instanceof EscError) return error as VendorError
  const { level, code: raw } = error as { readonly level?: string; readonly code?: string | number }
  const status = typeof raw === 'number' ? (sftpNames[raw] ?? `SFTP ${raw}`) : undefined
  const code =
    level === 'client-authentication'
      ? refusedLogin
      : level === 'client-timeout'
        ? 'timeout'
        : (status ?? (typeof raw === 'string' ? raw : level === undefined ? 'NOT_SUPPORTED' : 'SSH'))
  const refused = code === refusedLogin || (status !== undefined && status !== sftpCodes.failure)
  // Not the message of the library, which may say what was sent.
  return new VendorError(`${doing} failed (${code})`, { rotator, code, refused, hint: hintOf(code) })
}

function foreignHostKey(where: string): VendorError {
  return new VendorError(`${where} has shown another host key than \`hostKey\` says; nothing was sent to it`, {
    rotator,
    code: 'HOST_KEY',
    refused: true,
    transient: false,
    hint: 'if the server was set up anew, put its new key there, from ssh_host_*_key.pub on the server; else somebody is in between',
  })
}

function hintOf(code: string): string | undefined {
  if (code === refusedLogin) return 'check the user and the key or password in `login`, and that the server takes it'
  if (code === sftpCodes.denied) return 'whoever logs in must be able to write the file and its folder'
  if (code === sftpCodes.noSuchFile) return 'check `file`, and that its folder exists'
  if (code === 'SSH') return 'check that a server of SSH answers there, and the kind of key in `hostKey`'
  if (code === 'NOT_SUPPORTED') return 'the server needs SFTP, as of OpenSSH'
  return connectionHints[code]
}
