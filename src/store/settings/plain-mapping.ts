import type { Json, JsonObject } from '../../json.ts'

const plainLine = /^([A-Za-z][A-Za-z0-9]*): ([A-Za-z0-9](?:[\w+/=.:?&@%-]*[\w+/=])?)$/

/**
 * Reads the YAML that this program writes itself: one plain string or whole number a line, and
 * nothing else. Reading that with the YAML reader takes longer than all else about a file so short.
 * Undefined: the text may hold more than that.
 */
export function parsePlainMapping(text: string): JsonObject | undefined {
  const data: Record<string, Json> = Object.create(null)
  for (const line of (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')) {
    const match = plainLine.exec(line)
    if (match === null) return undefined
    const [, key, value] = match as unknown as [string, string, string]
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
