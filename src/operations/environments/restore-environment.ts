import { EscError } from '../../errors.ts'
import type { RemovedEnvironment } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { permit, refusalOf } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/** Environments that were removed and can be brought back, the last removed first. */
export function removedEnvironments(workspace: Workspace): readonly RemovedEnvironment[] {
  return workspace.store.removed().filter(({ name }) => refusalOf(workspace, name, 'read') === undefined)
}

/**
 * Brings a removed environment back, with its history and its key. `id` chooses one
 * of several of that name.
 * @throws EscError `not_found`, `already_exists`.
 */
export async function restoreEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  id: string | undefined,
): Promise<{ readonly name: string; readonly revision: number }> {
  const { store } = workspace
  await permit(workspace, reference.name, 'admin', 'environment-restored')
  if (store.has(reference.name)) {
    throw new EscError(
      'already_exists',
      `environment '${reference.name}' is there; nothing was removed under that name`,
      {
        hint: `to go back to an earlier revision, use "esc env version rollback"; to discard a hand edit, "esc env discard ${reference.name}"`,
      },
    )
  }
  const environment = await store.restore(reference.name, id === undefined ? {} : { id })
  return { name: environment.name, revision: environment.current().number }
}
