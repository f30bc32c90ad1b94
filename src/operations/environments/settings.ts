import { EscError } from '../../errors.ts'
import { nearest } from '../../suggestion.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { permit } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/** What can be set for an environment, with its value. */
export interface EnvironmentSettings {
  /** Whether `env rm` refuses to remove it. */
  readonly 'deletion-protected': boolean
}

const names = ['deletion-protected'] as const

export function environmentSettings(workspace: Workspace, reference: EnvironmentReference): EnvironmentSettings {
  const { settings } = workspace.store.environment(reference.name)
  return { 'deletion-protected': settings.deletionProtected }
}

/** @throws EscError `usage` for a setting there is not. */
export function settingName(name: string): keyof EnvironmentSettings {
  const known = names.find((each) => each === name)
  if (known !== undefined) return known
  const similar = nearest(name, names)
  throw new EscError('usage', `unknown setting name: ${name}`, {
    hint: similar === undefined ? `settings are: ${names.join(', ')}` : `did you mean ${similar}?`,
  })
}

/** Sets a setting from its text, and returns all. */
export async function changeSetting(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
  text: string,
): Promise<EnvironmentSettings> {
  settingName(name)
  if (text !== 'true' && text !== 'false') {
    throw new EscError('usage', `invalid value for deletion-protected: ${text} (expected true or false)`)
  }
  const protection = text === 'true' ? 'enabled' : 'disabled'
  await permit(workspace, reference.name, 'admin', `environment-deletion-protection-${protection}`)
  const environment = workspace.store.environment(reference.name)
  await environment.protectFromDeletion(text === 'true')
  return { 'deletion-protected': environment.settings.deletionProtected }
}
