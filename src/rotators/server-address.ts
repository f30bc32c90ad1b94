import { connect, isIPv6, type Socket } from 'node:net'
import { EscError } from '../errors.ts'
import type { Tls } from './tls/schema.ts'

export type ServerAddress = {
  /** A name, an address, the path of a unix socket, or (PostgreSQL) the folder of one. */
  readonly host: string
  readonly port: number
  readonly tls?: Tls
}

/**
 * `where`: what stands before `host` and `port` in the inputs, such as `database.`.
 * @throws EscError `invalid_input` for what is neither; libraries would take an
 *   empty host for this machine.
 */
export function requireAddress(rotator: string, { host, port }: ServerAddress, where = ''): void {
  const refuse = (field: string, value: unknown, what: string, hint: string) =>
    new EscError('invalid_input', `${rotator}: \`${where}${field}\` ${JSON.stringify(value)} is not ${what}`, { hint })
  const isName = host.includes(':') ? isIPv6(host) : /^(\/[^\0-\x1f]*|[^\0-\x20/@?#[\]\\]+)$/.test(host)
  if (!isName) {
    throw refuse(
      'host',
      host,
      'a host',
      'write its name or address alone, such as db.example.org; the port has its own input',
    )
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw refuse('port', port, 'a port', 'give a whole number from 1 to 65535')
  }
}

/** `host:port`, for messages. */
export function place({ host, port }: Pick<ServerAddress, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Returns true where a host is the path of a unix socket. */
export function isSocketPath(host: string): boolean {
  return host.startsWith('/')
}

/** A connection that is being made, to a port or to a unix socket. */
export function connectTo({ host, port }: Pick<ServerAddress, 'host' | 'port'>): Socket {
  return isSocketPath(host) ? connect({ path: host }) : connect({ host, port })
}

export function isThisMachine(host: string): boolean {
  return isSocketPath(host) || host === '::1' || /^localhost\.?$/i.test(host) || /^127(\.[0-9]{1,3}){3}$/.test(host)
}
