import type { NetworkPolicy } from '../rotator.ts'

/** Whether the configuration lets this host have any address. `host` as in `URL.hostname`. */
export function mayBePrivate(host: string, policy: NetworkPolicy | undefined): boolean {
  const name = bareHost(host)
  return (policy?.privateHosts ?? []).some((allowed) => {
    const pattern = bareHost(allowed)
    return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern
  })
}

/** Lower case, without the brackets of an IPv6 address and the dot at the end of a name. */
export function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}
