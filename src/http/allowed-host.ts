import type { LookupAddress } from 'node:dns'
import { EscError } from '../errors.ts'
import type { HostPolicy } from '../host-policy.ts'
import { matchesHost } from './host-pattern.ts'
import { ForbiddenHost, type Lookup, publicAddresses } from './public-host.ts'

export interface HostQuestion {
  /** Name of the provider or rotator that is to call the host, for messages. */
  readonly caller: string
  /** Absent when no private host may be called. */
  readonly policy: HostPolicy | undefined
  /** Resolves a host name to all of its addresses. Default: as the system does. */
  readonly lookup?: Lookup | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * All addresses of the host of a URL, each of them public unless the policy says otherwise.
 *
 * @throws EscError `invalid_input` for a host that may not be called; the system's error where the
 *   name has no address.
 */
export async function allowedAddresses(
  url: string,
  { caller, policy, lookup, signal }: HostQuestion,
): Promise<readonly LookupAddress[]> {
  const allowsPrivate = async (host: string) =>
    policy?.privateHosts.some((pattern) => matchesHost(host, pattern)) || (await policy?.allowPrivate?.(host)) === true
  try {
    const rule = { allowsPrivate, ...(lookup && { lookup }), ...(signal && { signal }) }
    return await publicAddresses(new URL(url).hostname, rule)
  } catch (error) {
    if (!(error instanceof ForbiddenHost)) throw error
    const { host, address, isMetadata } = error
    const what = host === address ? host : `the address ${address} of ${host}`
    throw new EscError('invalid_input', `${caller}: ${what} is not a public one, so it is not called`, {
      hint: isMetadata
        ? 'machines get their credentials at such an address, so network.privateHosts cannot allow it'
        : `if it is meant, add "${host}" to network.privateHosts in esc.yaml`,
    })
  }
}
