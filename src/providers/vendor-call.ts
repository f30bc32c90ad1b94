import { EscError } from '../errors.ts'
import { askVendor, type Fetch, type VendorFault, vendorHints } from '../http/index.ts'
import type { ProviderContext } from './provider.ts'

export interface VendorCall {
  /** Name of the provider, for messages. */
  readonly provider: string
  /** Such as `AssumeRoleWithWebIdentity for role …`, for messages. */
  readonly doing: string
  readonly url: string
  /** Parameters are sent as a form, everything else as JSON. */
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
  /** Tokens that an answer might repeat. */
  readonly hidden: readonly string[]
  /** The vendor's own form of an error; `undefined` when the body is something else. */
  readonly readFault: (text: string) => VendorFault | undefined
  /** Remedies by the vendor's code. */
  readonly hints: Readonly<Record<string, string>>
}

/** The vendor could not fetch the keys of the issuer, and may in a moment. */
const isPassingFault = ({ code }: VendorFault) => code === 'IDPCommunicationError'

/**
 * One POST that may be repeated without harm, which it is when nobody answers, or the vendor has a
 * fault of its own or too much to do. Returns the body of a success. Redirects are not followed:
 * the body is a credential.
 *
 * @throws EscError `provider_failed`.
 */
export async function callVendor(call: VendorCall, fetch: Fetch, { signal }: ProviderContext): Promise<string> {
  const { provider, doing, url, headers, body, hidden, readFault, hints } = call
  const outcome = await askVendor({
    method: 'POST',
    url,
    headers,
    body,
    signal,
    fetch,
    hidden,
    repeatable: true,
    readFault: ({ text }) => readFault(text),
    isPassingFault,
  })
  const failed = (what: string, hint: string | undefined) =>
    new EscError('provider_failed', `${provider}: ${doing} ${what}`, hint === undefined ? {} : { hint })
  switch (outcome.kind) {
    case 'done':
      return outcome.answer.text
    case 'no answer':
      throw failed(`got no answer from ${outcome.host} (${outcome.code})`, vendorHints['no answer'])
    case 'foreign':
      throw failed(`was answered with HTTP ${outcome.status}, but not by the vendor`, vendorHints.foreign)
    case 'fault': {
      const said = outcome.text === '' ? '' : `: ${outcome.text}`
      throw failed(`failed: ${outcome.code}${said}`, hints[outcome.code])
    }
  }
}

/** For a success that lacks what it should hold. */
export function malformedAnswer(provider: string, doing: string): EscError {
  return new EscError('provider_failed', `${provider}: ${doing} was answered with something else than is documented`, {
    hint: vendorHints.foreign,
  })
}
