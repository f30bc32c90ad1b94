import type { HttpAnswer, VendorFault } from '../http/index.ts'
import { memberOf, textIn } from './vendor-call.ts'

/** An error of Google: the token service answers as OAuth does, others as its interfaces do. */
export function gcpFault({ json }: Pick<HttpAnswer, 'json'>): VendorFault | undefined {
  const error = memberOf(json, 'error')
  const [code, from, name] =
    typeof error === 'string' ? [error, json, 'error_description'] : [textIn(error, 'status'), error, 'message']
  if (code === undefined) return undefined
  const text = textIn(from, name)
  return { code, ...(text !== undefined && { text }) }
}
