import { EscError } from '../../errors.ts'
import type { Environment, Revision } from '../../store/index.ts'
import { decode, getAt, type PropertyPath } from '../../yaml/index.ts'

/**
 * Other writers may come first this many times before a change gives up; each time one
 * of them has got somewhere.
 */
const maxAttempts = 100

/**
 * Makes a change of the newest revision and, where another writer saved one first, makes it again
 * of that: the outcome is that of one after the other. `paths` are those in the document that it
 * is about. One through a list element is only made again while the list is as it was: its
 * elements may have moved.
 *
 * @throws EscError `conflict` when that is not so any more; what `change` throws.
 */
export async function changeNewest<T>(
  environment: Environment,
  paths: readonly PropertyPath[],
  change: (base: Revision) => Promise<T>,
): Promise<T> {
  const first = environment.current()
  let base = first
  for (let attempt = 1; ; attempt++) {
    try {
      return await change(base)
    } catch (error) {
      if (!(error instanceof EscError && error.code === 'conflict') || attempt === maxAttempts) throw error
      base = environment.current()
      if (paths.some((path) => listText(first, path) !== listText(base, path))) throw error
    }
  }
}

/** The text of the outermost list that a path leads through. Undefined: through none. */
function listText({ file, definition }: Revision, path: PropertyPath): string | undefined {
  const index = path.findIndex((element) => typeof element === 'number')
  if (index === -1) return undefined
  const span = getAt(decode(file, definition).node, path.slice(0, index))?.span
  return span === undefined ? '' : definition.slice(span.start, span.end)
}
