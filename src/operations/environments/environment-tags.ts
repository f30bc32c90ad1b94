import type { EnvironmentTag } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { type Announced, announcing } from '../session/announce.ts'
import { permit } from '../session/permit.ts'
import { stamp } from '../session/stamp.ts'
import type { Workspace } from '../session/workspace.ts'

/** The tags of an environment, by name. */
export function environmentTags(workspace: Workspace, reference: EnvironmentReference): EnvironmentTag[] {
  return workspace.store.environment(reference.name).tags.list()
}

/** @throws EscError `not_found`. */
export function environmentTag(workspace: Workspace, reference: EnvironmentReference, name: string): EnvironmentTag {
  return workspace.store.environment(reference.name).tags.get(name)
}

export async function setEnvironmentTag(
  workspace: Workspace,
  reference: EnvironmentReference,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<EnvironmentTag> {
  await permit(workspace, reference.name, 'write', 'environment-tag-created')
  const environment = workspace.store.environment(reference.name)
  const by = await stamp(workspace)
  const action = environment.tags.list().some((tag) => tag.name === name) ? 'updated' : 'created'
  return announcing(workspace, environment, tagChange(action, name), () => environment.tags.set(name, value, by))
}

/** @throws EscError `not_found`; `already_exists`. */
export async function renameEnvironmentTag(
  workspace: Workspace,
  reference: EnvironmentReference,
  { name, newName }: { readonly name: string; readonly newName: string },
): Promise<EnvironmentTag> {
  await permit(workspace, reference.name, 'write', 'environment-tag-updated')
  const environment = workspace.store.environment(reference.name)
  const by = await stamp(workspace)
  return announcing(workspace, environment, tagChange('updated', newName), () =>
    environment.tags.rename(name, newName, by),
  )
}

/** @throws EscError `not_found`. */
export async function removeEnvironmentTag(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
): Promise<void> {
  await permit(workspace, reference.name, 'write', 'environment-tag-deleted')
  const environment = workspace.store.environment(reference.name)
  await announcing(workspace, environment, tagChange('deleted', name), () => environment.tags.remove(name))
}

function tagChange(action: string, tagName: string): Announced {
  return { kind: 'environment_tag', action, tagName, field: 'tags' }
}
