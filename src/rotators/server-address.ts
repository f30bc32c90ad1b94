import { isIPv6 } from 'node:net'
import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'

export type TlsMode = 'disable' | 'require' | 'verify-full'

export type ServerAddress = {
  /** A name, an address, or (PostgreSQL) the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly tls?: { readonly mode?: TlsMode; readonly ca?: string }
}

export const tlsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'Default: verify-full, or disable where the host is this machine.',
  properties: {
    mode: { type: 'string', enum: ['disable', 'require', 'verify-full'] },
    ca: { type: 'string', description: 'Certificates to trust, PEM. Default: the public authorities.' },
  },
}

/**
 * `where`: what stands before `host` and `port` in the inputs, such as `database.`.
 * @throws EscError `invalid_input` for what is neither; libraries would take an empty host for this machine.
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

/** False: no TLS. An address of this machine needs none unless asked for; any other must show a certificate that holds. */
export function tlsOptions({ host, tls }: ServerAddress):
  | false
  | {
      rejectUnauthorized: boolean
      ca?: string
    } {
  const mode: TlsMode = tls?.mode ?? (isThisMachine(host) && tls?.ca === undefined ? 'disable' : 'verify-full')
  if (mode === 'disable') return false
  if (tls?.ca !== undefined && looksLikePath(tls.ca)) {
    throw new EscError('invalid_input', '`tls.ca` holds the path of a file, not certificates', {
      hint: 'put the text of the file there, from -----BEGIN CERTIFICATE----- on',
    })
  }
  return { rejectUnauthorized: mode === 'verify-full', ...(tls?.ca !== undefined && { ca: tls.ca }) }
}

export function isThisMachine(host: string): boolean {
  return host.startsWith('/') || host === '::1' || /^localhost\.?$/i.test(host) || /^127(\.[0-9]{1,3}){3}$/.test(host)
}

/** Node would take it for a list of no certificates, and trust nobody. */
function looksLikePath(text: string): boolean {
  return !text.includes('-----BEGIN') && /^(~|\.{0,2})\/|^[A-Za-z]:\\|\.(pem|crt|cer|ca-bundle)\s*$/i.test(text)
}
