import type { EnvironmentTag } from '../store/index.ts'
import { permit } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { stamp } from './stamp.ts'
import type { Workspace } from './workspace.ts'

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
  return workspace.store.environment(reference.name).tags.set(name, value, await stamp(workspace))
}

/** @throws EscError `not_found`; `already_exists`. */
export async function renameEnvironmentTag(
  workspace: Workspace,
  reference: EnvironmentReference,
  { name, newName }: { readonly name: string; readonly newName: string },
): Promise<EnvironmentTag> {
  await permit(workspace, reference.name, 'write', 'environment-tag-updated')
  return workspace.store.environment(reference.name).tags.rename(name, newName, await stamp(workspace))
}

/** @throws EscError `not_found`. */
export async function removeEnvironmentTag(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
): Promise<void> {
  await permit(workspace, reference.name, 'write', 'environment-tag-deleted')
  await workspace.store.environment(reference.name).tags.remove(name)
}
