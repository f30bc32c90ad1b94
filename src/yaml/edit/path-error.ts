import { EscError, type EscErrorOptions } from '../../errors.ts'
import { formatPropertyPath, type PropertyPath } from '../property-path.ts'

/** An edit that a place in the document does not take. */
export class PathError extends EscError {
  readonly path: PropertyPath
  /** The message without the path. */
  readonly reason: string

  constructor(path: PropertyPath, reason: string, options: EscErrorOptions = {}) {
    super('invalid_input', `${path.length === 0 ? 'the definition' : formatPropertyPath(path)}: ${reason}`, options)
    this.path = path
    this.reason = reason
  }
}

/** True for such an error, also where bundles know its class by a function that loads it. */
export function isPathError(error: unknown): error is PathError {
  return error instanceof PathError
}
