import { SecretMask } from '../masking/index.ts'
import type { HttpAnswer } from './answer.ts'
import { type HttpCall, send } from './client.ts'
import { NoAnswer } from './no-answer.ts'
import { quotedBehind } from './quoted.ts'
import { isPassingOutcome, type RetryRule } from './retries.ts'
import { type Fetch, type Transport, viaFetch } from './transport.ts'

/** The vendor's own words for an error. */
export interface VendorFault {
  readonly code: string
  readonly text?: string
}

/** A request to the API of a vendor who is given credentials. */
export interface VendorApiCall
  extends Pick<HttpCall, 'method' | 'url' | 'headers' | 'body' | 'signal' | 'longestBytes'> {
  /** The way it goes: by a `fetch`, or by a transport that leads to hosts that were looked at. */
  readonly by: Fetch | { readonly transport: Transport }
  /** Doing it twice does no harm: it is done up to three times where a fault may pass. */
  readonly repeatable: boolean
  /** Waits between two attempts; may throw to stop. Default: until the signal aborts. */
  readonly sleep?: RetryRule['sleep']
  /** Tokens, passwords and keys that an answer might repeat. */
  readonly hidden: readonly string[]
  /**
   * The vendor's own form of an error. `undefined` when the body is something else, such as a
   * proxy's page, which says nothing about what the vendor did.
   */
  readonly readFault: (answer: HttpAnswer) => VendorFault | undefined
  /** Faults that pass by themselves beside those of `isPassingStatus`. Default: none. */
  readonly isPassingFault?: (fault: VendorFault) => boolean
}

/**
 * `fault`: the vendor refused; what it says is quoted without secrets. `foreign`: somebody else
 * answered.
 */
export type VendorOutcome =
  | { readonly kind: 'done'; readonly answer: HttpAnswer }
  | { readonly kind: 'fault'; readonly status: number; readonly code: string; readonly text: string }
  | { readonly kind: 'foreign'; readonly status: number }
  | { readonly kind: 'no answer'; readonly code: string; readonly host: string }

/** The remedy when the way to a vendor is at fault. */
export const vendorHints = {
  'no answer': 'check the network and proxy settings',
  foreign: 'check whether a proxy or portal answers in its place',
} as const

const timeoutMs = 20_000
const pausesMs = [500, 2_000]
const longestPauseMs = 10_000

/** Asks a vendor, and says how it went; throws only what `sleep` throws. */
export async function askVendor(call: VendorApiCall): Promise<VendorOutcome> {
  const { method, url, headers, body, signal, longestBytes, readFault, isPassingFault } = call
  const isPassing: RetryRule['isPassing'] = (outcome) => {
    if (isPassingOutcome(outcome)) return true
    const fault = outcome instanceof NoAnswer || isDone(outcome) ? undefined : readFault(outcome)
    return fault !== undefined && isPassingFault?.(fault) === true
  }
  const retry = call.repeatable ? { pausesMs, longestPauseMs, isPassing, sleep: call.sleep } : undefined
  let answer: HttpAnswer
  try {
    answer = await send({ method, url, headers, body, signal, longestBytes, timeoutMs, retry }, transportOf(call.by))
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return { kind: 'no answer', code: error.code, host: new URL(url).host }
  }
  if (isDone(answer)) return { kind: 'done', answer }
  const { status } = answer
  const fault = readFault(answer)
  if (fault === undefined) return { kind: 'foreign', status }
  // A code is the vendor's words too, whoever answers in its place.
  const mask = new SecretMask(call.hidden)
  return { kind: 'fault', status, code: quotedBehind(mask, fault.code), text: quotedBehind(mask, fault.text ?? '') }
}

function transportOf(by: VendorApiCall['by']): Transport {
  return typeof by === 'function' ? viaFetch(by) : by.transport
}

function isDone({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300
}
