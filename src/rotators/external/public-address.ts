import { BlockList, isIP } from 'node:net'
import type { NetworkPolicy } from '../rotator.ts'

// https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 sibling: whatever is not globally reachable.
const ranges4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const
const ranges6 = [
  ['::', 128],
  ['::1', 128],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  // These hold an IPv4 address, which may be any: they are judged as a whole, since nobody needs them here.
  ['::ffff:0:0', 96],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['2002::', 16],
] as const

// One for each family: a rule about IPv4 addresses inside IPv6 ones would match plain IPv4 addresses too.
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const [address, bits] of ranges4) notPublic.ipv4.addSubnet(address, bits, 'ipv4')
for (const [address, bits] of ranges6) notPublic.ipv6.addSubnet(address, bits, 'ipv6')

/** Whether anybody on the internet may hold this address. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  // A zone, as in fe80::1%eth0, belongs to link-local addresses only.
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return false
  return !(family === 4 ? notPublic.ipv4.check(address, 'ipv4') : notPublic.ipv6.check(address, 'ipv6'))
}

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
