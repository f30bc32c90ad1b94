import { EscError } from '../errors.ts'
import {
  allowedAddresses,
  askVendor,
  currentFetch,
  direct,
  type Fetch,
  type HttpAnswer,
  type Lookup,
  networkCode,
  type TlsOptions,
  type VendorFault,
  vendorHints,
} from '../http/index.ts'
import type { Text } from '../rich-text.ts'
import type { ProviderContext } from './provider.ts'

/**
 * The way in which a provider reaches its vendor. Handed in, so that a test can lead it to its own
 * server.
 */
export interface ProviderNetwork {
  /** Default: the machine's. */
  readonly fetch?: Fetch
  /** Resolves names of hosts that a definition names. Default: as the system does. */
  readonly lookup?: Lookup
  /** For hosts that a definition names. Default: Node's. */
  readonly tls?: TlsOptions
}

export interface VendorCall {
  /** Name of the provider, for messages. */
  readonly provider: string
  /** Such as `AssumeRoleWithWebIdentity for role …`, for messages. */
  readonly doing: string
  /** Default: POST with a body, GET without one. */
  readonly method?: 'GET' | 'POST'
  readonly url: string
  /** Parameters are sent as a form, a text as it is, everything else as JSON. */
  readonly body?: string | object
  readonly headers?: Readonly<Record<string, string>>
  /** Tokens, passwords and keys that an answer might repeat. */
  readonly hidden: readonly string[]
  /** The vendor's own form of an error; `undefined` when the body is something else. */
  readonly readFault: (answer: HttpAnswer) => VendorFault | undefined
  /** Remedies by the vendor's code. */
  readonly hints: Readonly<Record<string, Text>>
  /** The most of an answer that is read. Default: a mebibyte. */
  readonly longestBytes?: number
  /**
   * The definition names the host: it must be a public one, or one that `network.privateHosts`
   * allows, and is connected to directly.
   */
  readonly named?: true
  /** For a server with an authority of its own, or to show it a certificate: by no proxy. */
  readonly tls?: TlsOptions
}

/**
 * Codes that say no with a status of no fault of the vendor's: AWS could not fetch the keys of the
 * issuer, or limits requests.
 */
const isPassingFault = ({ code }: VendorFault) =>
  /^(?:IDPCommunicationError|Throttl\w+|TooManyRequestsException|RequestLimitExceeded)$/.test(code)

/** The answer of a vendor that it did not do what it was asked for. */
class VendorRefusal extends EscError {
  /** The vendor's own code. */
  readonly vendorCode: string

  constructor(vendorCode: string, message: string, hint: Text | undefined) {
    super('provider_failed', message, { hint })
    this.vendorCode = vendorCode
  }
}

/** True when a vendor has refused with one of its codes. */
export function isRefusal(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof VendorRefusal && codes.includes(error.vendorCode)
}

/**
 * One request that may be repeated without harm, which it is when nobody answers, or the vendor has
 * a fault of its own or too much to do. Returns the answer of a success. Redirects are not
 * followed: what is sent is a credential.
 *
 * @throws EscError `provider_failed`; `invalid_input` for a host that may not be called.
 */
export async function callVendor(
  call: VendorCall,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<HttpAnswer> {
  const { provider, doing, url, headers, body, hidden, readFault, hints } = call
  const failed = (what: string, hint: Text | undefined) =>
    new EscError('provider_failed', `${provider}: ${doing} ${what}`, { hint })
  const outcome = await askVendor({
    method: call.method ?? (body === undefined ? 'GET' : 'POST'),
    url,
    headers: { accept: 'application/json', ...sendable(headers, `${provider}: ${doing}`) },
    ...(body !== undefined && { body }),
    ...(call.longestBytes !== undefined && { longestBytes: call.longestBytes }),
    signal: context.signal,
    by: await wayTo(call, network, context),
    // As they are sent, too: an answer may repeat that.
    hidden: [...hidden, ...hidden.map((each) => each.trim())],
    repeatable: true,
    readFault,
    isPassingFault,
    ...(context.sleep && { sleep: context.sleep }),
  })
  switch (outcome.kind) {
    case 'done':
      return outcome.answer
    case 'no answer':
      throw failed(`got no answer from ${outcome.host} (${outcome.code})`, noAnswerHint(outcome.code))
    case 'foreign': {
      const { status } = outcome
      if (status === 429) throw failed('was answered with HTTP 429', 'the vendor limits requests: try again later')
      throw failed(`was answered with HTTP ${status}, but not by the vendor`, vendorHints.foreign)
    }
    case 'fault': {
      const { code, text } = outcome
      const said = text === '' || text === code ? '' : `: ${text}`
      throw new VendorRefusal(code, `${provider}: ${doing} failed: ${code}${said}`, hints[code])
    }
  }
}

/**
 * Headers without white space around their values, such as the line break at the end of a file that
 * a token was taken from.
 *
 * @throws EscError `invalid_input` for a value that no header can hold.
 */
function sendable(headers: Readonly<Record<string, string>> = {}, doing: string): Record<string, string> {
  const trimmed = Object.entries(headers).map(([name, value]) => [name, value.trim()] as const)
  if (trimmed.every(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value))) return Object.fromEntries(trimmed)
  throw new EscError('invalid_input', `${doing}: a credential holds a line break, or a character that cannot be sent`, {
    hint: 'keep it once more as one line, without anything before and after it',
  })
}

async function wayTo(
  { provider, doing, url, named, tls: own }: VendorCall,
  { fetch = currentFetch, lookup, tls: given }: ProviderNetwork,
  { network, signal }: ProviderContext,
) {
  const tls = own || given ? { ...given, ...own } : undefined
  if (named !== true) return own === undefined ? fetch : { transport: direct({ ...(tls && { tls }) }) }
  const policy = await network?.()
  try {
    const addresses = await allowedAddresses(url, { caller: provider, policy, lookup, signal })
    return { transport: direct({ addresses, ...(tls && { tls }) }) }
  } catch (error) {
    if (error instanceof EscError) throw error
    const code = networkCode(error)
    throw new EscError('provider_failed', `${provider}: ${doing}: cannot look up ${new URL(url).host} (${code})`, {
      hint: noAnswerHint(code),
    })
  }
}

function noAnswerHint(code: string): string {
  if (code === 'too large') return 'the answer is larger than what is asked for can be: check what answers'
  if (/ALTNAME/.test(code)) return 'the certificate of the server is for another name: check the address'
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|SSL|TLS/.test(code)) {
    return 'the certificate of the server is not one that this machine trusts: set NODE_EXTRA_CA_CERTS to the file of a private authority'
  }
  return vendorHints['no answer']
}

/** For a success that lacks what it should hold. */
export function malformedAnswer(provider: string, doing: string): EscError {
  return new EscError('provider_failed', `${provider}: ${doing} was answered in a form that is not documented`, {
    hint: vendorHints.foreign,
  })
}

/** A member of an answer; `undefined` for whatever is no object. */
export function memberOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name)
    ? (json as Readonly<Record<string, unknown>>)[name]
    : undefined
}

/** A member of an answer that must be a text, and not an empty one; else `undefined`. */
export function textIn(json: unknown, name: string): string | undefined {
  const value = memberOf(json, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}
