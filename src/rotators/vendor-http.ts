import { EscError } from '../errors.ts'
import {
  askVendor,
  type Fetch,
  type HttpAnswer,
  isPassingStatus,
  type Transport,
  type VendorFault,
  vendorHints,
} from '../http/index.ts'
import type { RotatorContext } from './rotator.ts'
import { VendorError } from './vendor-error.ts'

/** A vendor as the rotators that speak plain HTTPS see it. */
export interface Vendor {
  /** Name of the rotator, for messages. */
  readonly rotator: string
  /** The machine's `fetch`, or a transport that leads to addresses that were looked at. */
  readonly fetch: Fetch | { readonly transport: Transport }
  readonly context: RotatorContext
  /** Tokens, passwords and keys that an answer might repeat. */
  readonly hidden: readonly string[]
  /**
   * The vendor's own form of an error. Undefined: the body is something else, such as a proxy's
   * page, and says nothing about what the vendor did.
   */
  readonly readFault: (json: unknown, answer: HttpAnswer) => VendorFault | undefined
  /** Remedies by the vendor's code, or such as `HTTP 403`. */
  readonly hints: Readonly<Record<string, string>>
  /** The remedy where there is no answer, by the code. Default: to check the network. */
  readonly wayHint?: (code: string) => string | undefined
}

export interface VendorRequest {
  /** Such as `addPassword of application 1234`, for messages. */
  readonly doing: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
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

/** An answer of the vendor that is no success, or the lack of one. */
export class VendorHttpError extends VendorError {
  /**
   * The vendor's code; `HTTP 502` where the answer is not the vendor's; such as `ECONNREFUSED` or
   * `timeout` without an answer.
   */
  override readonly vendorCode: string
  /** `undefined` when there was no answer. */
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

/**
 * One exchange; a repeatable one up to three. Redirects are not followed. @throws
 * VendorHttpError for anything but a 2xx.
 */
export async function ask(vendor: Vendor, request: VendorRequest): Promise<HttpAnswer> {
  const { rotator, fetch, context, hidden, hints } = vendor
  const { doing, ...call } = request
  const outcome = await askVendor({
    ...call,
    headers: { accept: 'application/json', ...call.headers },
    by: fetch,
    hidden,
    sleep: context.sleep,
    readFault: (answer) => vendor.readFault(answer.json, answer),
  })
  switch (outcome.kind) {
    case 'done':
      return outcome.answer
    case 'no answer': {
      const { code, host } = outcome
      const what = code === 'timeout' ? 'no answer in time' : `no answer (${code})`
      throw new VendorHttpError(`${rotator}: ${doing}: ${what} from ${host}`, {
        code,
        refused: false,
        hint: vendor.wayHint?.(code) ?? vendorHints['no answer'],
      })
    }
    case 'foreign': {
      const { status } = outcome
      const code = `HTTP ${status}`
      throw new VendorHttpError(`${rotator}: ${doing} failed: ${code}`, {
        code,
        status,
        refused: false,
        hint: hints[code] ?? vendorHints.foreign,
      })
    }
    case 'fault': {
      const { status, code, text } = outcome
      const spoken = text === '' || text === code ? '' : `: ${text}`
      throw new VendorHttpError(`${rotator}: ${doing} failed: ${code}${spoken}`, {
        code,
        status,
        refused: status >= 400 && status < 500 && status !== 408,
        hint: hints[code] ?? hints[`HTTP ${status}`],
      })
    }
  }
}

/** For a success that lacks what it should hold. `lacks`: what that is, where it may be shown. */
export function malformedVendorAnswer(
  { rotator }: Vendor,
  doing: string,
  { lacks, hint = vendorHints.foreign }: { readonly lacks?: string; readonly hint?: string } = {},
): VendorHttpError {
  const detail = lacks === undefined ? '' : `: ${lacks}`
  return new VendorHttpError(`${rotator}: ${doing} was answered in a form that is not documented${detail}`, {
    code: 'malformed answer',
    refused: false,
    hint,
  })
}

/** The clock of the vendor when it answered; ours where it does not say. */
export function clockOf({ headers }: HttpAnswer, context: RotatorContext): Date {
  const date = new Date(headers.get('date') ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? context.now() : date
}

/**
 * Makes requests about one thing: with the same headers, and errors that say what they were about,
 * such as `of application 1234`.
 */
export function asker(
  vendor: Vendor,
  { headers, about }: { readonly headers: Readonly<Record<string, string>>; readonly about: string },
): (request: VendorRequest) => Promise<HttpAnswer> {
  return (request) => ask(vendor, { ...request, headers, doing: `${request.doing} ${about}` })
}

/** The fault that stands in two members of an answer. `undefined` when there is no code. */
export function faultIn(json: unknown, code: string, text: string): VendorFault | undefined {
  const [found, said] = [textField(json, code), textField(json, text)]
  return found === undefined ? undefined : { code: found, ...(said !== undefined && { text: said }) }
}

/** Makes the errors of a rotator about its inputs: what is wrong, and what to give instead. */
export function inputRefusal(rotator: string): (problem: string, hint: string) => EscError {
  return (problem, hint) => new EscError('invalid_input', `${rotator}: ${problem}`, { hint })
}

/** A member of an answer: undefined for whatever is no object. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, name)
    ? (json as Record<string, unknown>)[name]
    : undefined
}

/** Undefined unless it is a string that is not empty. */
export function textField(json: unknown, name: string): string | undefined {
  const value = fieldOf(json, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}
