import { listRotators, parseEnvironment } from '../../language/index.ts'
import { decode, deleteAt, getAt, parsePropertyPath } from '../../yaml/index.ts'

/** Without the `values.` at the beginning, as people name a value. */
export function belowValues(documentPath: string): string {
  return documentPath.replace(/^values\.?/, '')
}

/**
 * Paths, below `values`, of the rotators that hold credentials in `before` and would be
 * without them in `after`.
 */
export function lostCredentials(name: string, before: string, after: string): readonly string[] {
  const kept = new Set(rotatorsWithState(name, after))
  return rotatorsWithState(name, before).filter((path) => !kept.has(path))
}

function rotatorsWithState(name: string, definition: string): string[] {
  const { environment } = parseEnvironment(name, definition)
  const { node } = decode(name, definition)
  const rotators = environment === undefined ? [] : listRotators(environment)
  return rotators
    .filter(({ statePath }) => getAt(node, parsePropertyPath(statePath)) !== undefined)
    .map(({ path }) => belowValues(path))
}

/**
 * A definition whose rotators have forgotten their credentials. A copy must not have them: two
 * environments that rotate one credential would take it away from each other. `dropped`: paths of
 * the rotators that had some, below `values`.
 */
export function dropRotatorState(
  name: string,
  definition: string,
): { readonly text: string; readonly dropped: readonly string[] } {
  const { environment } = parseEnvironment(name, definition)
  const { node } = decode(name, definition)
  const dropped: string[] = []
  let text = definition
  for (const { path, statePath } of environment === undefined ? [] : listRotators(environment)) {
    const state = parsePropertyPath(statePath)
    if (getAt(node, state) === undefined) continue
    text = deleteAt(text, state)
    dropped.push(belowValues(path))
  }
  return { text, dropped }
}
