/**
 * How secrets providers reach their vendors. Handed in, so that tests can lead a vendor's
 * name to a server of theirs.
 */
export interface Network {
  readonly fetch: typeof globalThis.fetch
  /** For one attempt, from the first byte sent to the last received, in milliseconds. */
  readonly timeoutMs: number
  readonly sleep: (ms: number) => Promise<void>
  readonly now: () => Date
}

export function completeNetwork(network: Partial<Network> = {}): Network {
  return {
    fetch: network.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    timeoutMs: network.timeoutMs ?? 10_000,
    sleep: network.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    now: network.now ?? (() => new Date()),
  }
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, parameters as a form. */
  readonly body?: object | URLSearchParams
  /**
   * Default 2: once more after no answer, or one that says to try later. Everything asked for
   * here may be asked twice.
   */
  readonly attempts?: number
  /** Default: the network's. */
  readonly timeoutMs?: number
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** Undefined: the body is not JSON. */
  readonly json: unknown
  readonly headers: Headers
}

/**
 * No answer: `code` is such as `ECONNREFUSED`, `ENOTFOUND`, or `timeout`.
 * Holds nothing of the request.
 */
export class NoAnswer extends Error {
  readonly code: string
  constructor(code: string) {
    super(code === 'timeout' ? 'no answer in time' : `no connection (${code})`)
    this.code = code
  }
}

const tryLater = [429, 500, 502, 503, 504]

/**
 * Makes a request, at most twice. Redirects are not followed, as they would carry tokens to who
 * knows where. @throws NoAnswer.
 */
export async function request(network: Network, call: HttpRequest): Promise<HttpAnswer> {
  for (let left = (call.attempts ?? 2) - 1; ; left--) {
    let pauseMs = 300
    try {
      const answer = await attempt(network, call)
      if (left <= 0 || !tryLater.includes(answer.status)) return answer
      const retryAfter = Number(answer.headers.get('retry-after') ?? 0)
      if (retryAfter > 0) pauseMs = Math.min(1000 * retryAfter, 3000)
    } catch (error) {
      if (left <= 0) throw error
    }
    await network.sleep(pauseMs)
  }
}

async function attempt(network: Network, { method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
  const form = body instanceof URLSearchParams
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
  try {
    const response = await network.fetch(url, {
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': type }), ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs ?? network.timeoutMs),
      ...(body && { body: form ? body.toString() : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text, json: parseJson(text), headers: response.headers }
  } catch (error) {
    throw new NoAnswer(codeOf(error))
  }
}

function codeOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown; name?: unknown } }
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  const code = String(cause?.code ?? cause?.name ?? name)
  return /TIMEOUT$|TIMEDOUT$/.test(code) ? 'timeout' : code
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
