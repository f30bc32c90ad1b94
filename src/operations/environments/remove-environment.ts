import { EscError } from '../../errors.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { permit } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

export type Removed = { readonly kind: 'environment'; readonly fullName: string } | { readonly kind: 'value' }

/** Removes a whole environment, once `confirm` has returned for its full name. */
export async function removeEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  confirm: (fullName: string) => Promise<void>,
): Promise<Removed> {
  await permit(workspace, reference.name, 'admin', 'environment-deleted')
  const environment = workspace.store.environment(reference.name)
  const fullName = `${workspace.store.organization}/${environment.name}`
  if (environment.settings.deletionProtected) {
    throw new EscError(
      'conflict',
      `cannot delete environment: deletion protection is enabled. Disable deletion protection with 'esc env settings set ${fullName} deletion-protected false' before deleting`,
    )
  }
  await confirm(fullName)
  await workspace.store.remove(environment.name, { author: await workspace.author(), removed: workspace.options.now() })
  return { kind: 'environment', fullName }
}
