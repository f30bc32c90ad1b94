import { exclusionsOf, samePrincipal } from '../../access/index.ts'
import { EscError } from '../../errors.ts'
import type { Workspace } from './workspace.ts'

/**
 * Refuses that a caller of a server gives others what the access rules deny themselves: whom a rule
 * keeps out of some environments could get into them in another's name. On the machine of the store
 * nothing is refused: who has its folder can change the rules themselves.
 *
 * @param what the act in a sentence, such as `make a token for`.
 * @throws EscError `forbidden`.
 */
export function refuseForOthers(workspace: Workspace, user: string, what: string): void {
  const rules = workspace.accessRules()
  const { name, from } = workspace.principal()
  if (rules === undefined || from !== 'token' || samePrincipal(user, name)) return
  const [exclusion] = exclusionsOf(rules, name)
  if (exclusion === undefined) return
  throw new EscError(
    'forbidden',
    `'${name}' may not ${what} '${user}': a rule keeps '${name}' out of ${exclusion.environments.join(', ')}`,
    { hint: 'ask somebody whom no rule keeps out' },
  )
}
