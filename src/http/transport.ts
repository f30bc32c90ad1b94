import { asNoAnswer } from './no-answer.ts'

/** A request as it is put on the wire. */
export interface WireRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Ends the exchange, also while the answer is being read. */
  readonly signal: AbortSignal
}

/** The head of an answer, and its body as it arrives. */
export interface WireAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly body: AsyncIterable<Uint8Array>
}

/** Headers by name, whatever its case. */
export interface AnswerHeaders {
  get(name: string): string | null
}

/**
 * One exchange, without limits or retries. Follows no redirect: that would carry credentials to who
 * knows where.
 */
export type Transport = (request: WireRequest) => Promise<WireAnswer>

export type Fetch = typeof globalThis.fetch

/** The machine's, as it is at each call: what is set up later, such as a proxy, counts. */
export const currentFetch: Fetch = (input, init) => globalThis.fetch(input, init)

/**
 * Goes through a `fetch`, and so by the proxy and the authorities that this process is set up for.
 */
export function viaFetch(fetch: Fetch = currentFetch): Transport {
  return async ({ url, method, headers, body, signal }) => {
    const answer = await fetch(url, { method, headers, body, redirect: 'manual', signal })
    return { status: answer.status, headers: answer.headers, body: answer.body ?? nothing() }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/**
 * Options of `tls.connect` and `https.request`. Certificates and keys are PEM. They go after the
 * host, so that `servername` counts.
 */
export interface TlsOptions {
  /** Certificates of the authorities that count instead of Node's, one after the other. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
  readonly checkServerIdentity?: (host: string, certificate: import('node:tls').PeerCertificate) => Error | undefined
}

export interface DirectOptions {
  readonly tls?: TlsOptions
  /** The addresses to connect to, whatever the name resolves to now (see `publicAddresses`). */
  readonly addresses?: readonly import('node:dns').LookupAddress[]
}

/**
 * Goes straight to the server, on a connection of its own, by no proxy: with TLS options or to
 * addresses that were looked at before, neither of which a `fetch` takes.
 */
export function direct({ tls = {}, addresses }: DirectOptions = {}): Transport {
  return async ({ url, method, headers, body, signal }) => {
    const secure = url.startsWith('https:')
    const { request } = secure ? await import('node:https') : await import('node:http')
    const bytes = body === undefined ? undefined : Buffer.from(body)
    const options = {
      ...tls,
      ...(addresses !== undefined && { lookup: pinnedTo(addresses) }),
      agent: false,
      method,
      headers: { ...headers, ...(bytes !== undefined && { 'content-length': String(bytes.length) }) },
      signal,
    }
    return new Promise((resolve, reject) => {
      let connected = false
      // A connection that is cut because the signal aborts says so in various ways.
      const fault = (error: unknown) => asNoAnswer(signal.aborted ? signal.reason : error, connected)
      try {
        const sent = request(url, options, (answer) => {
          resolve({
            status: answer.statusCode ?? 0,
            headers: { get: (name) => answer.headers[name.toLowerCase()]?.toString() ?? null },
            body: withFaults(answer, fault),
          })
        })
        // Nothing of the request leaves before the other side has shown its certificate.
        sent.on('socket', (socket) => {
          socket.once(secure ? 'secureConnect' : 'connect', () => {
            connected = true
          })
        })
        sent.on('error', (error) => reject(fault(error)))
        sent.end(bytes)
      } catch (error) {
        // Certificates and keys that OpenSSL cannot read. Their text is not repeated.
        reject(fault({ code: (error as { readonly code?: unknown }).code ?? 'bad TLS settings' }))
      }
    })
  }
}

async function* withFaults(
  body: AsyncIterable<Uint8Array>,
  fault: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw fault(error)
  }
}

function pinnedTo(addresses: NonNullable<DirectOptions['addresses']>): import('node:net').LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses
    if (first === undefined) done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '')
    else if (all) done(null, [...addresses])
    else done(null, first.address, first.family)
  }
}
