import { EscError, messageOf } from '../../errors.ts'
import { type PropertyPath, parsePropertyPath } from '../../yaml/index.ts'

/** Reads a path as typed. `describe` says what it was meant for. @throws EscError `usage`. */
export function parsePath(typed: string, describe: (reason: string) => string): PropertyPath {
  try {
    return parsePropertyPath(typed)
  } catch (error) {
    throw new EscError('usage', describe(messageOf(error)), {
      hint: 'write a path like database.users[0]["name.with.dots"]',
    })
  }
}

/** Reads the path of a value. It names one: it is not empty. @throws EscError `usage`. */
export function parseValuePath(typed: string): PropertyPath {
  return refuseEmpty(parsePath(typed, (reason) => `invalid path: ${reason}`))
}

/** Refuses the path of everything. @throws EscError `usage`. */
export function refuseEmpty(path: PropertyPath): PropertyPath {
  if (path.length > 0) return path
  throw new EscError('usage', 'path must contain at least one element', {
    hint: 'name a value, such as database.port',
  })
}

/** Reads the path of a rotator, below `values`. @throws EscError `invalid_input`. */
export function parseRotatorPath(typed: string): PropertyPath {
  try {
    return parsePropertyPath(typed)
  } catch (error) {
    throw new EscError('invalid_input', `'${typed}' is an invalid property path: ${messageOf(error)}`, {
      hint: 'write it as in a.b["c.d"][0]',
      cause: error,
    })
  }
}
