import {
  bareHost,
  direct,
  ForbiddenHost,
  type Lookup,
  NoAnswer,
  networkCode,
  publicAddresses,
  retryAfterMs,
  send,
} from '../http/index.ts'
import { type AllowedHosts, isAllowed } from './url.ts'

export interface WebhookRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly allowed: AllowedHosts
  /** For everything: the name, the connection, the request and the whole answer. */
  readonly timeoutMs: number
}

/**
 * `refused`: nothing was sent, and trying again would not help. `failed`: whether
 * it arrived is not known. `isCut`: the body is longer.
 */
export type WebhookAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly body: string
      readonly isCut?: boolean
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string }

export type PostWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>

/** The network of the machine; a test brings its own. */
export interface DeliveryNetwork {
  readonly resolve?: Lookup
  /** Certificates to trust instead of those of Node, in PEM. */
  readonly ca?: string
}

/** More of an answer is not read. */
const answerBytes = 16_384

/**
 * Sends one delivery. The host's name is resolved once, every address it has is looked at, and the
 * connection goes to one of those: what the name resolves to a moment later does not matter.
 * Redirects are not followed.
 */
export async function postWebhook(
  request: WebhookRequest,
  { resolve, ca }: DeliveryNetwork = {},
): Promise<WebhookAnswer> {
  const { url, headers, body, allowed, timeoutMs } = request
  const signal = AbortSignal.timeout(timeoutMs)
  const host = bareHost(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed(url, allowed)))
    return { kind: 'refused', reason: `${url.protocol.slice(0, -1)} is not allowed for ${url.host}` }
  const failed = (reason: string): WebhookAnswer => ({
    kind: 'failed',
    reason: signal.aborted ? `no whole answer within ${timeoutMs / 1000} s` : reason,
  })
  let addresses: Awaited<ReturnType<typeof publicAddresses>>
  try {
    const allowsPrivate = () => isAllowed(url, allowed)
    addresses = await publicAddresses(url.hostname, { allowsPrivate, lookup: resolve, signal })
  } catch (error) {
    if (error instanceof ForbiddenHost) return { kind: 'refused', reason: error.message }
    return failed(`${host} has no address (${networkCode(error)})`)
  }
  try {
    const call = { method: 'POST', url: url.href, headers, body, timeoutMs, signal } as const
    const transport = direct({ addresses, tls: { ca } })
    const answer = await send({ ...call, longestBytes: answerBytes, whenLonger: 'cut' }, transport)
    const { status, text, isCut } = answer
    return { kind: 'answered', status, body: text, isCut, retryAfterMs: retryAfterMs(answer) }
  } catch (error) {
    if (error instanceof NoAnswer) return failed(describe(error.code, host))
    throw error
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENETUNREACH: 'the network is out of reach',
  EHOSTUNREACH: 'the host is out of reach',
}

function describe(code: string, host: string): string {
  if (reasons[code] !== undefined) return reasons[code]
  if (/CERT|SIGNATURE|ALTNAME|SELF_SIGNED/.test(code)) return `the certificate of ${host} is not valid (${code})`
  return `the connection failed (${code})`
}
