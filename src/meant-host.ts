import { isIP } from 'node:net'

/**
 * True when a request means this server by its `Host`. Otherwise a page in somebody's browser could
 * have its own name lead here, and read the answers (DNS rebinding). Names of this machine for
 * itself are meant, and names that were given. Where the server listens for other machines, so is
 * any address, because an address leads nowhere else.
 *
 * @param header as the request has it, with or without a port.
 */
export function isMeantHost(
  header: string | undefined,
  server: { readonly listens: string; readonly names: readonly string[] },
): boolean {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]/@\s]+)(?::[0-9]{1,5})?$/.exec(header ?? '')
  if (match?.[1] === undefined) return false
  const host = plainName(match[1])
  if (isLoopback(host) || host === plainName(server.listens)) return true
  if (server.names.some((name) => plainName(name) === host)) return true
  return isIP(host) !== 0 && !isLoopback(plainName(server.listens))
}

function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

/** True for an address or a name that leads to this machine alone. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
