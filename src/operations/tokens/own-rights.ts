import { exclusionsOf, samePrincipal } from '../../access/index.ts'
import { EscError } from '../../errors.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * Refuses a token with which a caller of a server could do what the access rules deny them. On the
 * machine of the store nothing is refused: who has its folder can change the rules themselves.
 *
 * @throws EscError `forbidden`.
 */
export function refuseMoreThanOwn(
  workspace: Workspace,
  { user, admin }: { readonly user: string; readonly admin: boolean },
): void {
  const rules = workspace.accessRules()
  const { name, from } = workspace.principal()
  if (rules === undefined || from !== 'token') return
  if (admin) {
    throw new EscError('forbidden', `'${name}' may not make a token that the access rules do not limit`, {
      hint: 'leave that out, or make it on the machine of the store',
    })
  }
  const [exclusion] = exclusionsOf(rules, name)
  if (exclusion === undefined || samePrincipal(user, name)) return
  throw new EscError(
    'forbidden',
    `'${name}' may not make a token for '${user}': a rule keeps '${name}' out of ${exclusion.environments.join(', ')}`,
    { hint: 'make one for yourself, or ask somebody whom no rule keeps out' },
  )
}
