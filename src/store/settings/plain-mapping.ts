import type { Json, JsonObject } from '../../json.ts'

/**
 * Reads the YAML that this program writes itself: one plain string or whole number a line, and
 * nothing else. Reading that with the YAML reader takes longer than all else about a file so short,
 * and so does compiling a regular expression for it.
 * Undefined: the text may hold more than that.
 */
export function parsePlainMapping(text: string): JsonObject | undefined {
  const data: Record<string, Json> = Object.create(null)
  const length = text.endsWith('\n') ? text.length - 1 : text.length
  for (let begin = 0, end = 0; begin <= length; begin = end + 1) {
    end = text.indexOf('\n', begin)
    if (end === -1) end = length
    const colon = text.indexOf(': ', begin)
    if (colon === -1 || colon >= end) return undefined
    if (!isPlainKey(text, begin, colon) || !isPlainValue(text, colon + 2, end)) return undefined
    const key = text.slice(begin, colon)
    const value = text.slice(colon + 2, end)
    if (key in data || !(key === 'name' || isString(key))) return undefined
    const number = Number(value)
    if (isString(value)) data[key] = value
    else if (Number.isSafeInteger(number) && String(number) === value) data[key] = number
    else return undefined
  }
  return data
}

/**
 * True when it is certainly a string. Words that mean something else begin with n, t or f,
 * and numbers with a digit; but none has two dashes, as the id of an environment has, or
 * a slash, as its name has.
 */
function isString(text: string): boolean {
  return (
    !'0123456789nNtTfF'.includes(text[0] as string) ||
    text.includes('/') ||
    text.includes('-', text.indexOf('-') + 1 || text.length)
  )
}

/** True for a letter, and letters and digits behind it. */
function isPlainKey(text: string, begin: number, end: number): boolean {
  if (begin === end || !isLetter(text.charCodeAt(begin))) return false
  for (let at = begin + 1; at < end; at++) if (!isLetterOrDigit(text.charCodeAt(at))) return false
  return true
}

/** True for what means the same in YAML as without it, whatever its words mean. */
function isPlainValue(text: string, begin: number, end: number): boolean {
  if (begin >= end || !isLetterOrDigit(text.charCodeAt(begin))) return false
  for (let at = begin + 1; at < end; at++) {
    const isLast = at === end - 1
    if (!isLetterOrDigit(text.charCodeAt(at)) && !(isLast ? '_+/=' : '_+/=.:?&@%-').includes(text[at] as string))
      return false
  }
  return true
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

function isLetterOrDigit(code: number): boolean {
  return isLetter(code) || (code >= 0x30 && code <= 0x39)
}
