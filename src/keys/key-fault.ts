import { type ErrorCode, EscError } from '../errors.ts'
import { NoAnswer, quoted, vendorHints } from '../http/index.ts'
import { dataKeyText, type KeyOwner } from './data-key.ts'

/** The action that was under way when it failed. */
export interface KeyCall {
  readonly action: 'wrap' | 'unwrap'
  /** The vendor's name and that of the key, such as `AWS KMS key alias/prod`. */
  readonly key: string
  readonly owner: KeyOwner
  /** Tokens and keys that a vendor's answer might repeat. */
  readonly hidden: readonly string[]
}

/** A login of the user to a vendor for something else than a key. `doing` begins messages. */
export interface OtherCall {
  readonly doing: string
  readonly hidden: readonly string[]
}

/** The reason why somebody logs in to a vendor. */
export type LoginCall = KeyCall | OtherCall

/**
 * - `credentials`: there are none, or they are not accepted;
 * - `denied`: they may not use the key; `missing`: no such key, or it is disabled;
 *   `unreachable`: no answer;
 * - `changed`: the vendor cannot decrypt what it is given; `failed`: a fault of the vendor, or an
 *   answer that makes no sense.
 */
export type KeyProblem = 'credentials' | 'denied' | 'missing' | 'unreachable' | 'changed' | 'failed'

export interface KeyFaultDetails {
  /** The vendor's own, such as `AccessDeniedException`. */
  readonly code: string
  /** The vendor's words. */
  readonly text?: string
  readonly hint: string
}

const codes: Readonly<Record<KeyProblem, ErrorCode>> = {
  credentials: 'key_unavailable',
  denied: 'key_unavailable',
  missing: 'key_unavailable',
  unreachable: 'key_unavailable',
  changed: 'tampered',
  failed: 'provider_failed',
}

/**
 * The error for a person. It is made without the vendor's error as its cause,
 * which may hold the request.
 */
export function keyFault(call: LoginCall, problem: KeyProblem, { code, text, hint }: KeyFaultDetails): EscError {
  const [shown, spoken] = [code, text ?? ''].map((each) => quoted(each, call.hidden))
  const doing = 'doing' in call ? call.doing : `cannot ${call.action} ${dataKeyText(call.owner)} with ${call.key}`
  const detail = spoken === '' || spoken === shown ? '' : `: ${spoken}`
  return new EscError(codes[problem], `${doing}: ${shown}${detail}`, { hint })
}

/** For what a request threw. */
export function noAnswer(call: LoginCall, error: unknown, { from, hint }: { from: string; hint: string }): EscError {
  const code = error instanceof NoAnswer ? error.code : 'error'
  if (code === 'too large') return malformedKeyAnswer(call, from)
  const text = code === 'timeout' ? `${from} did not answer in time` : from
  return keyFault(call, 'unreachable', { code, text, hint })
}

export function malformedKeyAnswer(call: LoginCall, from: string): EscError {
  return keyFault(call, 'failed', {
    code: 'malformed answer',
    text: `${from} answered with something else than it documents`,
    hint: vendorHints.foreign,
  })
}
