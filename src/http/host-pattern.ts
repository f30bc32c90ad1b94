/**
 * True when a host is one that `pattern` names: a name, an address, or `*.` and a domain.
 * `host` as in `URL.hostname`.
 */
export function matchesHost(host: string, pattern: string): boolean {
  const [name, wanted] = [bareHost(host), bareHost(pattern)]
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
}

/**
 * The host in lower case, without the brackets of an IPv6 address and the dot at the end of a name.
 */
export function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}
