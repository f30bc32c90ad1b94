import { isIP } from 'node:net'
import type { TlsOptions } from '../../http/index.ts'
import { isThisMachine, type ServerAddress } from '../server-address.ts'
import type { Tls, TlsMode } from './schema.ts'

type NamedServer = Pick<ServerAddress, 'host' | 'tls'>

/**
 * False for no TLS. An address of this machine needs none unless asked for; any other must show
 * a certificate that holds.
 */
export function tlsOptions(server: NamedServer): false | TlsOptions {
  const mode = modeOf(server)
  return mode === 'disable' ? false : secureOptions(mode, server.tls)
}

/**
 * Returns true where the certificate must be for the name of the server. For a driver
 * that checks that by itself.
 */
export function verifiesName(server: NamedServer): boolean {
  return modeOf(server) === 'verify-full'
}

/** Options of a connection that is encrypted in any case, such as one to an https:// address. */
export function httpsOptions(tls: Tls | undefined): TlsOptions {
  return secureOptions(tls?.mode ?? 'verify-full', tls)
}

/** The name that the server is known by, for SNI and the check of its certificate. */
export function serverNameOf({ host, tls }: NamedServer): string {
  return tls?.serverName ?? host
}

function modeOf({ host, tls }: NamedServer): TlsMode {
  const asked = tls !== undefined && Object.values(tls).some((value) => value !== undefined)
  return tls?.mode ?? (isThisMachine(host) && !asked ? 'disable' : 'verify-full')
}

function secureOptions(mode: TlsMode, tls: Tls | undefined): TlsOptions {
  const { ca, cert, key, passphrase, serverName } = tls ?? {}
  // As in libpq: who names authorities wants them to be asked.
  const rejectUnauthorized = mode !== 'require' || ca !== undefined
  return {
    rejectUnauthorized,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: key.reveal() }),
    ...(passphrase !== undefined && { passphrase: passphrase.reveal() }),
    // SNI must not be set to an address (RFC 6066, 3).
    ...(serverName !== undefined && isIP(serverName) === 0 && { servername: serverName }),
    ...(rejectUnauthorized && identityCheck(mode, serverName)),
  }
}

function identityCheck(mode: TlsMode, serverName: string | undefined): Pick<TlsOptions, 'checkServerIdentity'> {
  if (mode !== 'verify-full') return { checkServerIdentity: () => undefined }
  if (serverName === undefined) return {}
  // Loaded here, since everyday commands load this file and no TLS.
  const { checkServerIdentity } = process.getBuiltinModule('node:tls')
  return { checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate) }
}
