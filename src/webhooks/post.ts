import type { LookupAddress } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { isForbidden, isMetadata } from '../http/index.ts'
import { type AllowedHosts, hostOf, isAllowed } from './url.ts'

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
 * it arrived is not known.
 */
export type WebhookAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string }

export type PostWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>

/** What the machine brings; a test brings its own. */
export interface Network {
  readonly resolve: (host: string) => Promise<readonly LookupAddress[]>
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
export async function postWebhook(request: WebhookRequest, network: Network = machineNetwork): Promise<WebhookAnswer> {
  const { url, allowed, timeoutMs } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  const host = hostOf(url)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed(url, allowed)))
    return { kind: 'refused', reason: `${url.protocol.slice(0, -1)} is not allowed for ${url.host}` }
  let addresses: readonly LookupAddress[]
  try {
    addresses = await beforeDeadline(network.resolve(host), deadline)
  } catch (error) {
    return { kind: 'failed', reason: deadline.aborted ? late(timeoutMs) : `${host} has no address (${codeIn(error)})` }
  }
  const forbidden = isAllowed(url, allowed) ? isMetadata : isForbidden
  const wrong = addresses.find(({ address }) => forbidden(address))
  if (wrong !== undefined) return { kind: 'refused', reason: `${host} is at the private address ${wrong.address}` }
  if (addresses.length === 0) return { kind: 'failed', reason: `${host} has no address` }
  try {
    return await send(request, addresses, { deadline, ca: network.ca })
  } catch (error) {
    return { kind: 'failed', reason: deadline.aborted ? late(timeoutMs) : describe(error, host) }
  }
}

const machineNetwork: Network = {
  resolve: async (host) => {
    const { lookup } = await import('node:dns/promises')
    return lookup(host, { all: true })
  },
}

async function send(
  { url, headers, body }: WebhookRequest,
  addresses: readonly LookupAddress[],
  { deadline, ca }: { readonly deadline: AbortSignal; readonly ca: string | undefined },
): Promise<WebhookAnswer> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const resolved: LookupFunction = (_host, { all }, answer) => {
    const [first] = addresses as [LookupAddress]
    if (all) answer(null, [...addresses])
    else answer(null, first.address, first.family)
  }
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body)
    const outgoing = request(
      {
        protocol: url.protocol,
        hostname: hostOf(url),
        port: url.port,
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        headers: { ...headers, 'Content-Length': String(bytes.length), Connection: 'close' },
        agent: false,
        lookup: resolved,
        signal: deadline,
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        readBeginning(answer).then((text) => {
          outgoing.destroy()
          resolve({ kind: 'answered', status: answer.statusCode ?? 0, body: text, ...retryAfter(answer) })
        }, reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
}

/**
 * Of an answer that is longer, or stops in the middle, what there is: the
 * status has said what counts.
 */
function readBeginning(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = () => resolve(Buffer.concat(chunks).subarray(0, answerBytes).toString())
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= answerBytes) done()
    })
    answer.on('end', done)
    answer.on('error', reject)
  })
}

/** The header in seconds; a date is taken for none. */
function retryAfter({ headers }: IncomingMessage): { readonly retryAfterMs?: number } {
  const text = headers['retry-after'] ?? ''
  return /^\d{1,6}$/.test(text) ? { retryAfterMs: Number(text) * 1000 } : {}
}

function beforeDeadline<T>(promise: Promise<T>, deadline: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(deadline.reason), { once: true })
    promise.then(resolve, reject)
  })
}

function late(timeoutMs: number): string {
  return `no whole answer within ${timeoutMs / 1000} s`
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENETUNREACH: 'the network is out of reach',
  EHOSTUNREACH: 'the host is out of reach',
}

function describe(error: unknown, host: string): string {
  const code = codeIn(error)
  if (reasons[code] !== undefined) return reasons[code]
  if (/CERT|SIGNATURE|ALTNAME|SELF_SIGNED/.test(code)) return `the certificate of ${host} is not valid (${code})`
  return `the connection failed (${code})`
}

/**
 * The system's code; of an error that stands for several attempts, the first. Not its message,
 * which may quote what was sent.
 */
function codeIn(error: unknown): string {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] }
  if (typeof code === 'string') return code
  return errors?.[0] === undefined ? 'unknown' : codeIn(errors[0])
}
