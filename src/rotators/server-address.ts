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
  return { rejectUnauthorized: mode === 'verify-full', ...(tls?.ca !== undefined && { ca: tls.ca }) }
}

export function isThisMachine(host: string): boolean {
  return host.startsWith('/') || host === '::1' || /^localhost\.?$/i.test(host) || /^127(\.[0-9]{1,3}){3}$/.test(host)
}
