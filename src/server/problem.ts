import { type ErrorCode, EscError, hintOf, textOfError } from '../errors.ts'
import type { Json } from '../json.ts'

/** An error that the server answers with, in the words of the API. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  /** Mistakes of a definition, as the API has them. */
  readonly diagnostics: readonly Json[]

  /** Headers of the answer, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    diagnostics: readonly Json[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.diagnostics = diagnostics
    this.headers = headers
  }
}

/**
 * The status for each code of an `EscError`. 401 is for bad tokens only: clients that see it forget
 * that they are logged in.
 */
const statuses: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  invalid_input: 400,
  invalid_definition: 400,
  not_found: 404,
  already_exists: 409,
  conflict: 409,
  retracted: 404,
  locked: 409,
  unsaved_edit: 409,
  untrusted: 403,
  forbidden: 403,
  key_unavailable: 503,
  tampered: 500,
  store_damaged: 500,
  provider_failed: 502,
  rotation_failed: 502,
  unknown_value: 400,
  not_text: 400,
  limit_exceeded: 400,
  interrupted: 503,
  io: 500,
  unsupported: 400,
}

/** The problem that a thrown error is; `undefined` for one that is nobody's but ours. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (!(error instanceof EscError)) return undefined
  const hint = hintOf(error)
  const text = String(textOfError(error))
  return new Problem(statuses[error.code] ?? 500, hint === undefined ? text : `${text}: ${hint}`)
}

/** The body of an answer that is an error: nothing else may be in it (rest-api-measured, 1.8). */
export function problemBody({ status, message, diagnostics }: Problem): Json {
  return { code: status, message, ...(diagnostics.length > 0 && { diagnostics }) }
}
