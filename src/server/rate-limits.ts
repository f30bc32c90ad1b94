import { isIPv6 } from 'node:net'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Problem } from './problem.ts'

/** The most that may be done from one address, or with one token, in a minute. */
export interface Rates {
  /** Exchanges of identity tokens, and steps of signing in. */
  readonly signIn: number
  /** Requests with a token that is none. */
  readonly failed: number
  /** All requests with one token. `undefined`: no limit. */
  readonly token?: number
}

export const usualRates: Rates = { signIn: 60, failed: 60 }

/** The limits of a server. They are counted by the process, in windows of a minute. */
export class RateLimits {
  readonly #signIn: RateLimiterMemory
  readonly #failed: RateLimiterMemory
  readonly #token: RateLimiterMemory | undefined

  constructor({ signIn, failed, token }: Rates = usualRates) {
    const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 })
    this.#signIn = limiter(signIn)
    this.#failed = limiter(failed)
    this.#token = token === undefined ? undefined : limiter(token)
  }

  /** Counts a try to sign in. @throws Problem 429. */
  signIn(address: string): Promise<void> {
    return count(this.#signIn, place(address), 'sign-ins from this address')
  }

  /** Counts a request with a token that is none. @throws Problem 429. */
  failed(address: string): Promise<void> {
    return count(this.#failed, place(address), 'requests without a valid token from this address')
  }

  /** True when requests are counted by their token. */
  get limitsTokens(): boolean {
    return this.#token !== undefined
  }

  /** Counts a request with a token. @throws Problem 429. */
  async token(id: string): Promise<void> {
    if (this.#token !== undefined) await count(this.#token, id, 'requests with this token')
  }
}

async function count(limiter: RateLimiterMemory, key: string, what: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000))
    throw new Problem(429, `too many ${what}: try again in ${seconds} s`, [], { 'retry-after': String(seconds) })
  }
}

/** One customer has a whole network of IPv6, the first 64 bits of an address. */
function place(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const [left, right] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = tail === undefined ? 0 : 8 - (left?.length ?? 0) - (right?.length ?? 0)
  const groups = [...(left ?? []), ...Array<string>(Math.max(0, zeros)).fill('0'), ...(right ?? [])]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')
}
