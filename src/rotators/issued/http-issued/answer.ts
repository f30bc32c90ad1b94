import { parsePropertyPath } from '../../../yaml/index.ts'
import { rfc3339 } from '../../rfc3339.ts'

/** The member of an answer at a path such as `data[0].id`; the empty path is the answer itself. */
export function memberAt(json: unknown, path: string): unknown {
  return parsePropertyPath(path).reduce<unknown>((found, step) => {
    if (Array.isArray(found)) return typeof step === 'number' ? found[step] : undefined
    const inside = typeof found === 'object' && found !== null && Object.hasOwn(found, step)
    return inside ? (found as Record<string, unknown>)[step] : undefined
  }, json)
}

/** A text or a number that may stand for a credential. `undefined`: neither. */
export function idAt(json: unknown, path: string): string | undefined {
  const value = memberAt(json, path)
  // Beyond these a number was rounded when it was read, and would name another credential.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  // As a part of a path these would lead elsewhere.
  return typeof value === 'string' && !['', '.', '..'].includes(value) ? value : undefined
}

/** `undefined` unless it is a text that is not empty. */
export function textAt(json: unknown, path: string): string | undefined {
  const value = memberAt(json, path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A date in words, or seconds or milliseconds since 1970. `undefined`: none of these. */
export function dateAt(json: unknown, path: string | undefined): Date | undefined {
  const value = path === undefined ? undefined : memberAt(json, path)
  const ms = typeof value === 'number' ? (value < 1e11 ? value * 1000 : value) : value
  const date = new Date(typeof ms === 'number' || typeof ms === 'string' ? ms : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The same in RFC 3339. */
export function timeAt(json: unknown, path: string | undefined): string | undefined {
  const date = dateAt(json, path)
  return date && rfc3339(date)
}
