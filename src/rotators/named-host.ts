import { EscError } from '../errors.ts'
import { allowedAddresses, direct, type Lookup, networkCode, type TlsOptions } from '../http/index.ts'
import type { RotatorContext } from './rotator.ts'
import { tlsFault, tlsHint } from './tls/index.ts'
import { connectionHints, VendorError } from './vendor-error.ts'
import type { Vendor } from './vendor-http.ts'

export interface NamedHost {
  readonly rotator: string
  readonly url: string
  readonly tls: TlsOptions
  /** Resolves a host name to all of its addresses. Default: as the system does. */
  readonly lookup?: Lookup | undefined
  /** The input that names it, for the remedy. */
  readonly input: string
}

/**
 * The way to a host that a definition names: each of its addresses must be a public one, or one
 * that the configuration allows, and the connection goes to one of these.
 *
 * @throws EscError `invalid_input` for a host that may not be called; VendorError where it cannot
 *   be looked up.
 */
export async function wayToNamedHost(
  { rotator, url, tls, lookup, input }: NamedHost,
  { network, signal }: RotatorContext,
): Promise<Pick<Vendor, 'fetch' | 'wayHint'>> {
  try {
    const addresses = await allowedAddresses(url, { caller: rotator, policy: network, lookup, signal })
    return { fetch: { transport: direct({ addresses, tls }) }, wayHint }
  } catch (error) {
    if (error instanceof EscError) throw error
    const code = networkCode(error)
    throw new VendorError(`${rotator}: cannot look up ${new URL(url).host} (${code})`, {
      code,
      refused: true,
      hint: connectionHints[code] ?? `check \`${input}\`, and the network`,
    })
  }
}

function wayHint(code: string): string | undefined {
  const fault = tlsFault(code)
  return fault && tlsHint(fault)
}
