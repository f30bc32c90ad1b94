import { listRotators, parseEnvironment } from '../../language/index.ts'
import { decode, getAt, parsePropertyPath } from '../../yaml/index.ts'
import type { UsedRevision } from '../opening/opened-environment.ts'
import { belowValues } from '../rotating/rotator-state.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * The rotators, in environments that took part in an opening, that have no credential yet. Paths
 * are those that `env rotate` takes.
 */
export function neverRotated(
  workspace: Workspace,
  used: readonly UsedRevision[],
): readonly { readonly name: string; readonly path: string }[] {
  return used.flatMap(({ name, revision }) => {
    const { definition } = workspace.store.environment(name).resolve(String(revision))
    const { environment } = parseEnvironment(name, definition)
    if (environment === undefined) return []
    const { node } = decode(name, definition)
    return listRotators(environment)
      .filter(({ statePath }) => (getAt(node, parsePropertyPath(statePath))?.kind ?? 'null') === 'null')
      .map(({ path }) => ({ name, path: belowValues(path) }))
  })
}
