import { EscError, messageOf } from '../errors.ts'
import type { Plain } from '../plain.ts'
import { Secret } from '../secret.ts'
import { nearest } from '../suggestion.ts'
import { formatPropertyPath, type PropertyPath, parsePropertyPath } from '../yaml/index.ts'

/**
 * Reads a path as programs write it.
 *
 * @throws EscError `invalid_input`.
 */
export function segmentsOf(path: string): PropertyPath {
  try {
    return parsePropertyPath(path)
  } catch (error) {
    throw new EscError('invalid_input', `${JSON.stringify(path)} is not a path: ${messageOf(error)}`, {
      hint: 'write paths as database.user or endpoints[0]["a.b"]',
      cause: error,
    })
  }
}

/** Proposes what to write instead, where there is nothing. */
export function insteadOf(value: Plain | undefined, key: string | number): string {
  if (Array.isArray(value)) return `there is a list of ${value.length}, counted from 0`
  if (typeof value !== 'object' || value === null || value instanceof Secret)
    return 'what is before it is neither an object nor a list'
  const best = nearest(String(key), Object.keys(value))
  return best === undefined ? `there is no ${key}` : `did you mean ${best}?`
}

/** A path as a text, such as `endpoints[0].token`. */
export function writtenPath(path: PropertyPath): string {
  return formatPropertyPath(path)
}
