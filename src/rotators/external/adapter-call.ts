import type { LookupAddress } from 'node:dns'
import { EscError } from '../../errors.ts'
import {
  allowedAddresses,
  direct,
  type HttpAnswer,
  type Lookup,
  NoAnswer,
  networkCode,
  send,
} from '../../http/index.ts'
import type { NetworkPolicy } from '../rotator.ts'
import { httpsOptions, type Tls } from '../tls/index.ts'
import { isPassingFault } from '../vendor-error.ts'

export interface AdapterNetwork {
  /** Resolves a host name to all of its addresses. Default: as the system does. */
  readonly lookup?: Lookup
  /** PEM of further authorities. */
  readonly ca?: string
  /** From the first byte sent to the last received. */
  readonly timeoutMs?: number
}

export interface AdapterRequest {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly policy: NetworkPolicy | undefined
  readonly tls: Tls | undefined
}

const defaultTimeoutMs = 30_000

/**
 * @throws EscError `invalid_input` for a host that may not be called, `provider_failed`
 *   for one that nobody knows.
 */
export async function requirePublicHost(
  url: string,
  policy: NetworkPolicy | undefined,
  network: AdapterNetwork,
): Promise<void> {
  try {
    await addressesOf(url, policy, network)
  } catch (error) {
    if (error instanceof EscError) throw error
    throw new EscError('provider_failed', `external: cannot look up ${new URL(url).host} (${networkCode(error)})`, {
      hint: 'check `url`, and the network',
      transient: isPassingFault(networkCode(error)),
    })
  }
}

/**
 * Sends a request once; redirects are not followed. The addresses that are checked are those that
 * are connected to: a name that is looked up twice may have changed its mind.
 *
 * @throws EscError as `requirePublicHost`, and NoAnswer.
 */
export async function callAdapter(
  { url, body, headers, policy, tls }: AdapterRequest,
  network: AdapterNetwork,
): Promise<HttpAnswer> {
  const { ca, timeoutMs = defaultTimeoutMs } = network
  const addresses = await addressesOf(url, policy, network).catch((error) => {
    throw error instanceof EscError ? error : new NoAnswer(networkCode(error), false)
  })
  const transport = direct({ addresses, tls: { ca, ...httpsOptions(tls) } })
  return send({ method: 'POST', url, headers, body, timeoutMs }, transport)
}

/** All addresses of the host, each of them public unless the configuration says otherwise. */
function addressesOf(
  url: string,
  policy: NetworkPolicy | undefined,
  { lookup }: AdapterNetwork,
): Promise<readonly LookupAddress[]> {
  return allowedAddresses(url, { caller: 'external', policy, lookup })
}
