import type { RotatorContext } from './rotator.ts'
import { VendorError } from './vendor-error.ts'

/** A vendor as the rotators that speak plain HTTPS see it. */
export interface Vendor {
  /** Name of the rotator, for messages. */
  readonly rotator: string
  readonly fetch: typeof globalThis.fetch
  readonly context: RotatorContext
  /** Tokens, passwords and keys that an answer might repeat. */
  readonly hidden: readonly string[]
  /**
   * The vendor's own form of an error. Undefined: the body is something else, such as a proxy's
   * page, and says nothing about what the vendor did.
   */
  readonly readFault: (json: unknown) => VendorFault | undefined
  /** Remedies by the vendor's code. */
  readonly hints: Readonly<Record<string, string>>
}

export interface VendorFault {
  readonly code: string
  readonly text?: string
}

export interface VendorRequest {
  /** Such as `addPassword of application 1234`, for messages. */
  readonly doing: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Parameters are sent as a form, everything else as JSON. */
  readonly body?: object
  /**
   * Doing it twice does no harm: it is repeated after no answer, a fault of the vendor's, or
   * when asked to slow down.
   */
  readonly repeatable: boolean
}

export interface VendorAnswer {
  readonly status: number
  /** Undefined: the body is empty or no JSON. */
  readonly json: unknown
  readonly headers: Headers
}

/** An answer of the vendor that is no success, or the lack of one. */
export class VendorHttpError extends VendorError {
  /**
   * The vendor's code; `HTTP 502` where the answer is not the vendor's; such as `ECONNREFUSED` or
   * `timeout` without an answer.
   */
  override readonly vendorCode: string
  /** Undefined: no answer. */
  readonly status: number | undefined

  constructor(
    message: string,
    { code, status, refused, hint }: { code: string; status?: number; refused: boolean; hint?: string | undefined },
  ) {
    super(message, { code, refused, hint, ...(status !== undefined && { transient: isPassingStatus(status) }) })
    this.vendorCode = code
    this.status = status
  }
}

export function isVendorError(error: unknown, ...codes: readonly string[]): error is VendorHttpError {
  return error instanceof VendorHttpError && codes.includes(error.vendorCode)
}

const timeoutMs = 20_000
const pausesMs = [500, 2_000]

/** The machine's, as it is at each call: what is set up later, such as a proxy, counts. */
export const currentFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)

/**
 * One exchange; a repeatable one up to three. Redirects are not followed. @throws
 * VendorHttpError for anything but a 2xx.
 */
export async function ask(vendor: Vendor, request: VendorRequest): Promise<VendorAnswer> {
  for (let tries = 0; ; tries++) {
    try {
      return await exchange(vendor, request)
    } catch (error) {
      const pauseMs = pausesMs[tries]
      if (!request.repeatable || pauseMs === undefined || !(error instanceof VendorHttpError) || !isPassing(error))
        throw error
      await vendor.context.sleep(pauseMs)
    }
  }
}

/**
 * Worth another try: no answer, a fault of the vendor's or of something
 * between, or too many requests.
 */
export function isPassing({ status }: VendorHttpError): boolean {
  return status === undefined || isPassingStatus(status)
}

function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

async function exchange(vendor: Vendor, request: VendorRequest): Promise<VendorAnswer> {
  const { rotator, fetch, readFault, hints } = vendor
  const { doing, method, url, headers, body } = request
  const form = body instanceof URLSearchParams
  let answer: VendorAnswer
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        ...(body && { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
        ...headers,
      },
      ...(body && { body: form ? body.toString() : JSON.stringify(body) }),
    })
    answer = { status: response.status, json: parseJson(await response.text()), headers: response.headers }
  } catch (error) {
    const code = networkCode(error)
    const what = code === 'timeout' ? 'no answer in time' : `no answer (${code})`
    throw new VendorHttpError(`${rotator}: ${doing}: ${what} from ${new URL(url).host}`, {
      code,
      refused: false,
      hint: 'check the network and proxy settings',
    })
  }
  const { status } = answer
  if (status >= 200 && status < 300) return answer
  const fault = readFault(answer.json)
  const code = fault?.code ?? `HTTP ${status}`
  const spoken = fault?.text === undefined ? '' : redacted(fault.text, vendor.hidden)
  const hint = fault === undefined ? 'check whether a proxy or portal answers in its place' : hints[code]
  throw new VendorHttpError(
    `${rotator}: ${doing} failed: ${code}${spoken === '' || spoken === code ? '' : `: ${spoken}`}`,
    {
      code,
      status,
      refused: fault !== undefined && status >= 400 && status < 500 && status !== 408,
      ...(hint !== undefined && { hint }),
    },
  )
}

/** For a success that lacks what it should hold. */
export function malformedAnswer({ rotator }: Vendor, doing: string): VendorHttpError {
  return new VendorHttpError(`${rotator}: ${doing} was answered with something else than is documented`, {
    code: 'malformed answer',
    refused: false,
    hint: 'check whether a proxy or portal answers in its place',
  })
}

/** The clock of the vendor when it answered; ours where it does not say. */
export function clockOf({ headers }: VendorAnswer, context: RotatorContext): Date {
  const date = new Date(headers.get('date') ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? context.now() : date
}

/** A member of an answer: undefined for whatever is no object. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name)
    ? (json as Record<string, unknown>)[name]
    : undefined
}

/** Undefined unless it is a string that is not empty. */
export function textOf(json: unknown, name: string): string | undefined {
  const value = fieldOf(json, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * A vendor's words on one line, not long, without what is to be hidden in any of the
 * forms in which it is sent.
 */
function redacted(text: string, hidden: readonly string[]): string {
  const forms = hidden
    .filter((each) => each.length >= 4)
    .flatMap((each) => [
      each,
      encodeURIComponent(each),
      new URLSearchParams({ '': each }).toString().slice(1),
      JSON.stringify(each).slice(1, -1),
    ])
  let shown = text
  for (const form of [...new Set(forms)].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(form, '[secret]')
  return shown
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
    .trim()
    .slice(0, 300)
}

export function networkCode(error: unknown): string {
  const { name, code, cause } = error as { name?: string; code?: unknown; cause?: { code?: unknown; name?: unknown } }
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  const found = String(cause?.code ?? code ?? cause?.name ?? name)
  return /TIMEOUT$|TIMEDOUT$/.test(found) ? 'timeout' : found
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
