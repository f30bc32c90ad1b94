/**
 * Returns the account that a MySQL or MariaDB server takes for a client: of those whose host
 * matches, the one with the most specific host.
 * https://mariadb.com/kb/en/troubleshooting-connection-issues/,
 * https://dev.mysql.com/doc/refman/8.4/en/connection-access.html
 */

/**
 * Names and addresses of the machine that the server runs on: which of them it sees depends
 * on how it looks up names.
 */
const thisMachine = ['localhost', '127.0.0.1', '::1']

/**
 * Every name under which the server may look for the accounts of a client. `seen`:
 * the host part of `USER()`.
 */
export function clientHosts(seen: string): readonly string[] {
  return thisMachine.includes(seen) ? thisMachine : [seen]
}

/**
 * True when an account for `pattern` would let in a client from `host`. `pattern`: with `%` and
 * `_`, or an address and a mask.
 */
export function hostMatches(pattern: string, host: string): boolean {
  const [, base, mask] = /^([\d.]+)\/([\d.]+)$/.exec(pattern) ?? []
  if (base !== undefined && mask !== undefined) return inNetwork(host, base, mask)
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  return pattern === '' || new RegExp(`^${source}$`, 'i').test(host)
}

/**
 * True when the server looks at `one` before `other`: whole names first, then by where
 * the first wildcard stands.
 */
export function isMoreSpecific(one: string, other: string): boolean {
  return specificity(one) > specificity(other)
}

function specificity(pattern: string): number {
  if (pattern === '') return 0
  const wildcard = pattern.search(/[%_]/)
  return wildcard === -1 ? Number.POSITIVE_INFINITY : wildcard + (pattern === '%' ? 0 : 1)
}

function inNetwork(host: string, base: string, mask: string): boolean {
  const wanted = numberOf(base)
  const bits = mask.includes('.') ? numberOf(mask) : prefix(Number(mask))
  const given = numberOf(host)
  if (wanted === undefined || bits === undefined || given === undefined) return false
  return (given & bits) >>> 0 === (wanted & bits) >>> 0
}

function prefix(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0
}

function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}
