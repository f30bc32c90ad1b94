import type { HttpAnswer } from '../http/index.ts'
import type { Json } from '../json.ts'
import { JsonSyntaxError, parseJson } from '../read-json.ts'
import type { Endpoint } from './endpoint.ts'
import { unexpected } from './exchange.ts'

/**
 * The body as JSON whose numbers are kept digit for digit.
 * @throws EscError `io` when it is none.
 */
export function exactJson(endpoint: Endpoint, doing: string, { text }: HttpAnswer): Json {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw unexpected(endpoint, doing, `it is not JSON: ${error.discreet}`)
  }
}
