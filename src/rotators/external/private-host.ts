import type { NetworkPolicy } from '../rotator.ts'

/** Whether the configuration lets this host have any address. `host` as in `URL.hostname`. */
export function mayBePrivate(host: string, policy: NetworkPolicy | undefined): boolean {
  return (policy?.privateHosts ?? []).some((pattern) => matchesHost(host, pattern))
}

/** `pattern`: a name, an address, or `*.` and a domain. */
export function matchesHost(host: string, pattern: string): boolean {
  const [name, wanted] = [bareHost(host), bareHost(pattern)]
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
}

/** Lower case, without the brackets of an IPv6 address and the dot at the end of a name. */
export function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}
