import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { bareHost } from './host-pattern.ts'
import { isForbidden, isMetadata } from './special-addresses.ts'

/** Finds all addresses of a name; a test brings its own. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>

export interface HostRule {
  /**
   * True when the host may have a private address after all. Asked only when it has one; may throw
   * to refuse.
   */
  readonly allowsPrivate: (host: string) => boolean | Promise<boolean>
  /** Default: as the system does. */
  readonly lookup?: Lookup
  /** Ends the look-up; rejects with its reason. */
  readonly signal?: AbortSignal
}

/** A host that a request made for somebody else must not reach. */
export class ForbiddenHost extends Error {
  /** Without brackets. */
  readonly host: string
  readonly address: string
  /**
   * True when no rule allows it, because machines get credentials at such an address.
   */
  readonly isMetadata: boolean

  constructor(host: string, address: string) {
    super(`${host} is at the private address ${address}`)
    this.host = host
    this.address = address
    this.isMetadata = isMetadata(address)
  }
}

/**
 * The addresses of a host, each of which may be connected to. A request must go to one of these
 * (`direct`), since the name may resolve to something else a moment later.
 *
 * @param hostname as in `URL.hostname`.
 * @throws ForbiddenHost, or the system's error where the name has no address.
 */
export async function publicAddresses(
  hostname: string,
  { allowsPrivate, lookup = systemLookup, signal }: HostRule,
): Promise<readonly LookupAddress[]> {
  const host = bareHost(hostname)
  const family = isIP(host)
  const addresses = family === 0 ? await until(signal, lookup(host)) : [{ address: host, family }]
  if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
  const metadata = addresses.find(({ address }) => isMetadata(address))
  if (metadata !== undefined) throw new ForbiddenHost(host, metadata.address)
  const hidden = addresses.find(({ address }) => isForbidden(address))
  if (hidden !== undefined && !(await allowsPrivate(host))) throw new ForbiddenHost(host, hidden.address)
  return addresses
}

const systemLookup: Lookup = async (host) => {
  const { lookup } = await import('node:dns')
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)))
  })
}

function until<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
