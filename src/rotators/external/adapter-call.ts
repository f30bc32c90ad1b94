import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { request } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { EscError } from '../../errors.ts'
import { bareHost, isForbidden, matchesHost, networkCode } from '../../http/index.ts'
import type { NetworkPolicy } from '../rotator.ts'
import { httpsOptions, type Tls } from '../tls/index.ts'
import { isPassingFault } from '../vendor-error.ts'

export interface AdapterNetwork {
  /** Resolves a host name to all of its addresses. Default: as the system does. */
  readonly lookup?: (host: string) => Promise<readonly LookupAddress[]>
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

export interface AdapterAnswer {
  readonly status: number
  /** Seconds, of the header Retry-After. */
  readonly retryAfter: number | undefined
  readonly text: string
}

/** No answer that can be used. Holds nothing of the request. */
export class NoAnswer extends Error {
  /** Such as `ECONNREFUSED`, `timeout` or `too large`. */
  readonly code: string
  /** False: nothing can have reached the adapter. */
  readonly sent: boolean
  constructor(code: string, sent: boolean) {
    super(code)
    this.code = code
    this.sent = sent
  }
}

const longestBytes = 1 << 20
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
    await addressesOf(new URL(url).hostname, policy, network)
  } catch (error) {
    if (error instanceof EscError) throw error
    throw new EscError('provider_failed', `external: cannot look up ${new URL(url).host} (${networkCode(error)})`, {
      hint: 'check `url`, and the network',
      transient: isPassingFault(networkCode(error)),
    })
  }
}

/**
 * Sends it once; redirects are not followed. Not `fetch`, because the address that is checked must
 * be the one that is connected to: a name that is looked up twice may have changed its mind.
 */
export function callAdapter(
  { url, body, headers, policy, tls }: AdapterRequest,
  network: AdapterNetwork,
): Promise<AdapterAnswer> {
  const host = new URL(url).hostname
  const lookup: LookupFunction = (name, options, done) => {
    addressesOf(name, policy, network).then(
      (addresses) => {
        const [first] = addresses
        if (options.all) done(null, [...addresses])
        else done(null, first!.address, first!.family)
      },
      (error) => done(error as Error, ''),
    )
  }
  const { promise, resolve, reject } = deferred<AdapterAnswer>()
  let connected = false
  const fail = (error: unknown) =>
    reject(error instanceof EscError ? error : new NoAnswer(networkCode(error), connected))
  // An address in the URL itself is not looked up.
  addressesOf(host, policy, network).then(() => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent: false,
        lookup,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(network.timeoutMs ?? defaultTimeoutMs),
        ...(network.ca !== undefined && { ca: network.ca }),
        ...httpsOptions(tls),
      },
      (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          chunks.push(chunk)
          if (size > longestBytes) {
            reject(new NoAnswer('too large', true))
            sent.destroy()
          }
        })
        response.on('error', fail)
        response.on('end', () => {
          const after = response.headers['retry-after']
          const text = Buffer.concat(chunks).toString()
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: after === undefined ? undefined : Number(after),
            text,
          })
        })
      },
    )
    // Nothing of the request leaves before the other side has shown its certificate.
    sent.on('socket', (socket) =>
      socket.once('secureConnect', () => {
        connected = true
      }),
    )
    sent.on('error', fail)
    sent.end(body)
  }, fail)
  return promise
}

/** All addresses of a host, each of them public unless the configuration says otherwise. */
async function addressesOf(
  host: string,
  policy: NetworkPolicy | undefined,
  network: AdapterNetwork,
): Promise<readonly LookupAddress[]> {
  const name = bareHost(host)
  const family = isIP(name)
  const addresses = family === 0 ? await (network.lookup ?? lookupAll)(name) : [{ address: name, family }]
  const hidden = addresses.find(({ address }) => isForbidden(address))
  if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
  if (
    hidden !== undefined &&
    !policy?.privateHosts.some((pattern) => matchesHost(host, pattern)) &&
    !(await policy?.allowPrivate?.(name))
  ) {
    const what = family === 0 ? `the address ${hidden.address} of ${name}` : name
    throw new EscError('invalid_input', `external: ${what} is not a public one, so it is not called`, {
      hint: `if it is meant, add "${name}" to network.privateHosts in esc.yaml`,
    })
  }
  return addresses
}

function lookupAll(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)))
  })
}

function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
