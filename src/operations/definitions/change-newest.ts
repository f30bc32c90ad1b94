import { EscError } from '../../errors.ts'
import type { Environment, Revision } from '../../store/index.ts'
import { decode, getAt, type PropertyPath } from '../../yaml/index.ts'

/**
 * Other writers may come first this many times before a change gives up; each time one
 * of them has got somewhere.
 */
const maxAttempts = 100

/** The last change of each environment in this process, by its folder: the next waits for it. */
const last = new Map<string, Promise<void>>()

/**
 * Makes a change of the newest revision and, where another writer saved one first, makes it again
 * of that: the outcome is that of one after the other. Changes of this process take turns, so that
 * none of them is made in vain. `paths` are those in the document that it is about. One through a
 * list element is only made again while the list is as it was: its elements may have moved.
 *
 * @throws EscError `conflict` when that is not so any more; what `change` throws.
 */
export function changeNewest<T>(
  environment: Environment,
  paths: readonly PropertyPath[],
  change: (base: Revision) => Promise<T>,
): Promise<T> {
  const first = environment.current()
  const isAsItWas = (base: Revision) => paths.every((path) => listText(first, path) === listText(base, path))
  const mustWait = last.has(environment.folder)
  return inTurn(environment.folder, async () => {
    const now = mustWait ? environment.current() : first
    // Made of the former one where a list has changed, it is refused as any that came too late.
    let base = isAsItWas(now) ? now : first
    for (let attempt = 1; ; attempt++) {
      try {
        return await change(base)
      } catch (error) {
        if (!(error instanceof EscError && error.code === 'conflict') || attempt === maxAttempts) throw error
        base = environment.current()
        if (!isAsItWas(base)) throw error
      }
    }
  })
}

async function inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
  const acting = (last.get(key) ?? Promise.resolve()).then(act)
  const ended = acting.then(
    () => {},
    () => {},
  )
  last.set(key, ended)
  try {
    return await acting
  } finally {
    if (last.get(key) === ended) last.delete(key)
  }
}

/** The text of the outermost list that a path leads through. Undefined: through none. */
function listText({ file, definition }: Revision, path: PropertyPath): string | undefined {
  const index = path.findIndex((element) => typeof element === 'number')
  if (index === -1) return undefined
  const span = getAt(decode(file, definition).node, path.slice(0, index))?.span
  return span === undefined ? '' : definition.slice(span.start, span.end)
}
