import {
  currentFetch,
  direct,
  type Fetch,
  type HttpAnswer,
  isPassingOutcome,
  pause,
  send,
  type TlsOptions,
  viaFetch,
} from '../http/index.ts'

/**
 * The ways in which secrets providers reach their vendors. Handed in, so that tests can lead a
 * vendor's name to a server of theirs.
 */
export interface KeyNetwork {
  readonly fetch: Fetch
  /** For one attempt, from the first byte sent to the last received, in milliseconds. */
  readonly timeoutMs: number
  readonly sleep: (ms: number) => Promise<void>
  readonly now: () => Date
}

export function completeNetwork(network: Partial<KeyNetwork> = {}): KeyNetwork {
  return {
    fetch: network.fetch ?? currentFetch,
    timeoutMs: network.timeoutMs ?? 10_000,
    sleep: network.sleep ?? pause,
    now: network.now ?? (() => new Date()),
  }
}

export interface KeyRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, parameters as a form. */
  readonly body?: object
  /**
   * Default 2: once more after no answer, or one that says to try later. Everything asked for
   * here may be asked twice.
   */
  readonly attempts?: 1 | 2
  /** Default: the network's. */
  readonly timeoutMs?: number
  /** Present: straight to the server, with these. */
  readonly tls?: TlsOptions
}

const pauseMs = 300
const longestPauseMs = 3000

/** Asks the vendor of a key, at most twice. @throws NoAnswer. */
export function request(network: KeyNetwork, asked: KeyRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, attempts = 2, timeoutMs = network.timeoutMs, tls } = asked
  const pausesMs = attempts === 1 ? [] : [pauseMs]
  return send(
    {
      method,
      url,
      headers: { accept: 'application/json', ...headers },
      body,
      timeoutMs,
      retry: { pausesMs, longestPauseMs, isPassing: isPassingOutcome, sleep: network.sleep },
    },
    tls === undefined ? viaFetch(network.fetch) : direct({ tls }),
  )
}
