import { EscError } from '../errors.ts'
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
  /**
   * The vendor's own form of an error. Undefined: the body is something
   * else, such as a proxy's page.
   */
  readonly readFault: (text: string) => { readonly code: string; readonly text?: string | undefined } | undefined
  /** Remedies by the vendor's code. */
  readonly hints: Readonly<Record<string, string>>
}

export type Fetch = typeof globalThis.fetch

const timeoutMs = 20_000
const pausesMs = [500, 2_000]

/**
 * One POST that may be repeated without harm, which it is when nobody answers, or the vendor has a
 * fault of its own or too much to do. Returns the body of a success. Redirects are not followed:
 * the body is a credential.
 *
 * @throws EscError `provider_failed`.
 */
export async function callVendor(call: VendorCall, fetch: Fetch, context: ProviderContext): Promise<string> {
  for (let tries = 0; ; tries++) {
    const { passing, outcome } = await exchange(call, fetch, context)
    if (typeof outcome === 'string') return outcome
    const pauseMs = pausesMs[tries]
    if (!passing || pauseMs === undefined || context.signal.aborted) throw outcome
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

interface Exchange {
  readonly outcome: string | EscError
  /** Worth another try. */
  readonly passing: boolean
}

async function exchange(call: VendorCall, fetch: Fetch, { signal }: ProviderContext): Promise<Exchange> {
  const { provider, doing, url, body, headers, readFault, hints } = call
  const form = body instanceof URLSearchParams
  const failed = (what: string, hint: string | undefined, passing: boolean): Exchange => ({
    outcome: new EscError('provider_failed', `${provider}: ${doing} ${what}`, hint === undefined ? {} : { hint }),
    passing,
  })
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json', ...headers },
      body: form ? body.toString() : JSON.stringify(body),
    })
    text = await response.text()
  } catch (error) {
    return failed(
      `got no answer from ${new URL(url).host} (${networkCode(error)})`,
      'check the network and proxy settings',
      true,
    )
  }
  if (response.ok) return { outcome: text, passing: false }
  const fault = readFault(text)
  if (fault === undefined) {
    const what = `was answered with HTTP ${response.status}, but not by the vendor`
    return failed(what, 'check whether a proxy or portal answers in its place', response.status >= 500)
  }
  const said = fault.text === undefined ? '' : `: ${redacted(fault.text, call.hidden)}`
  const passing = response.status === 429 || response.status >= 500 || fault.code === 'IDPCommunicationError'
  return failed(`failed: ${fault.code}${said}`, hints[fault.code], passing)
}

/** For a success that lacks what it should hold. */
export function malformedAnswer(provider: string, doing: string): EscError {
  return new EscError('provider_failed', `${provider}: ${doing} was answered with something else than is documented`, {
    hint: 'check whether a proxy or portal answers in its place',
  })
}

function networkCode(error: unknown): string {
  if (error instanceof DOMException) return error.name === 'TimeoutError' ? 'timeout' : 'interrupted'
  const { cause } = error as { readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === 'string' ? cause.code : 'no connection'
}

/** Before anything is cut off: half a token would no longer be known. */
function redacted(text: string, hidden: readonly string[]): string {
  const shown = hidden.filter((each) => each !== '').reduce((rest, each) => rest.replaceAll(each, '[secret]'), text)
  return shown.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 500)
}
