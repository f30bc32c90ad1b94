import { isPathError, PathError, type PropertyPath } from '../../yaml/index.ts'
import { refuseEmpty } from '../words/value-path.ts'

/**
 * The path in the whole document of a value that is to be set: `imports` stands beside `values`.
 *
 * @throws EscError `usage` for an empty path.
 */
export function documentPathOf(path: PropertyPath): PropertyPath {
  return path[0] === 'imports' ? path : withinValues(path)
}

/** The same for a value below `values`. @throws EscError `usage` for an empty path. */
export function withinValues(path: PropertyPath): PropertyPath {
  return ['values', ...refuseEmpty(path)]
}

/** Runs an edit. Paths in its errors are as people write them: below `values`. */
export function relative<T>(edit: () => T): T {
  try {
    return edit()
  } catch (error) {
    if (!isPathError(error) || error.path[0] !== 'values' || error.path.length === 1) throw error
    throw new PathError(error.path.slice(1), error.reason, { hint: error.richHint, cause: error })
  }
}
