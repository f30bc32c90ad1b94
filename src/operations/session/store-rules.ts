import { type AccessRules, readAccessRules } from '../../access/index.ts'
import { layout } from '../../store/index.ts'
import type { Workspace } from './workspace.ts'

/**
 * Returns the access rules of a store as they are for everybody, also where they do not limit the
 * caller. `undefined`: there are none.
 *
 * @throws EscError `invalid_input` for rules with a mistake.
 */
export function rulesOfStore(workspace: Workspace): AccessRules | undefined {
  const { caller, store } = workspace
  if (!caller.unlimited) return workspace.accessRules()
  return readAccessRules(store.configuration.text, layout.configuration(store.folder))
}
