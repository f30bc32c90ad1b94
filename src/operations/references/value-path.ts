import { EscError, messageOf } from '../../errors.ts'
import { isPathError, PathError, type PropertyPath, parsePropertyPath } from '../../yaml/index.ts'

/** Reads a path as typed. `describe` says what it was meant for. */
export function parsePath(typed: string, describe: (reason: string) => string): PropertyPath {
  try {
    return parsePropertyPath(typed)
  } catch (error) {
    throw new EscError('usage', describe(messageOf(error)), {
      hint: 'write a path like database.users[0]["name.with.dots"]',
    })
  }
}

/** Paths in messages are as people type them: below `values`. */
export function relative<T>(edit: () => T): T {
  try {
    return edit()
  } catch (error) {
    if (!isPathError(error) || error.path[0] !== 'values' || error.path.length === 1) throw error
    throw new PathError(error.path.slice(1), error.reason, { hint: error.richHint, cause: error })
  }
}

/** Reads the path of a value as typed. It names one: it is not empty. */
export function parseValuePath(typed: string): PropertyPath {
  const path = parsePath(typed, (reason) => `invalid path: ${reason}`)
  if (path.length === 0) throw emptyPath()
  return path
}

/** A path below `values` in the whole document; `imports` stands beside them. */
export function documentPathOf(path: PropertyPath): PropertyPath {
  return path[0] === 'imports' ? path : ['values', ...path]
}

function emptyPath(): EscError {
  return new EscError('usage', 'path must contain at least one element', {
    hint: 'name a value, such as database.port',
  })
}
