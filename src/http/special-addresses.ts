import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * Addresses that are nobody's on the public internet (the special-purpose registries of IANA, RFC
 * 6890), and those of clouds where machines ask for their own credentials.
 */
const privateV4 = onDemand(() =>
  blockList('ipv4', [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ]),
)

/**
 * Refused even where a host is allowed by name: link-local, and where clouds
 * answer with credentials.
 */
const metadata = onDemand(() =>
  blockList('ipv4', ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32']),
)
const metadataV6 = onDemand(() => blockList('ipv6', ['fe80::/10', 'fd00:ec2::254/128', 'fd20:ce::254/128']))

/** The rest of IPv6 is not in use on the public internet. */
const globalV6 = onDemand(() => blockList('ipv6', ['2000::/3']))
/**
 * Part of that: protocols and tunnels that lead to an IPv4 address, documentation,
 * and what is for one site.
 */
const specialV6 = onDemand(() => blockList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']))

/** Most commands ask for none of them, and making one loads `node:net`. */
function onDemand(make: () => BlockList): () => BlockList {
  let list: BlockList | undefined
  return () => {
    list ??= make()
    return list
  }
}

/** True when a request that somebody else has asked for must not go to this address. */
export function isForbidden(address: string): boolean {
  if (isIPv4(address)) return privateV4().check(address, 'ipv4') || isMetadata(address)
  if (!isIPv6(address) || address.includes('%')) return true
  const v4 = embeddedV4(address)
  if (v4 !== undefined) return isForbidden(v4)
  return !globalV6().check(address, 'ipv6') || specialV6().check(address, 'ipv6')
}

/** Forbidden whoever allows it. */
export function isMetadata(address: string): boolean {
  if (isIPv4(address)) return metadata().check(address, 'ipv4')
  const v4 = embeddedV4(address)
  return v4 === undefined ? metadataV6().check(address, 'ipv6') : isMetadata(v4)
}

/**
 * The IPv4 address that an IPv6 one stands for: `::ffff:1.2.3.4` (RFC 4291) and
 * `64:ff9b::1.2.3.4` (RFC 6052).
 */
function embeddedV4(address: string): string | undefined {
  const groups = groupsOf(address)
  if (groups === undefined) return undefined
  const [high, low] = groups.slice(6) as [number, number]
  const head = groups.slice(0, 6).join()
  if (head !== '0,0,0,0,0,65535' && head !== '100,65435,0,0,0,0') return undefined
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] | undefined {
  if (!isIPv6(address)) return undefined
  // The parser of URLs writes every form of an address in one way, and
  // dotted endings as two groups.
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::')
  const numbers = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  if (tail === undefined) return numbers(head)
  const [before, after] = [numbers(head), numbers(tail)]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}
