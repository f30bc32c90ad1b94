import { EscError } from '../../errors.ts'
import type { PlainObject } from '../../plain.ts'

/** Reads a credential from the text of a JSON object. @throws EscError `invalid_input`. */
export function parseCredential(text: string): PlainObject {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // Not the parser's own words: they quote the text.
  }
  if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as PlainObject
  throw new EscError('invalid_input', 'the credential to adopt is not a JSON object', {
    hint: 'give the members that `current` has in the state, such as {"accessKeyId": "…", "secretAccessKey": "…"}',
  })
}
