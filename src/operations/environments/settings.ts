import { EscError } from '../../errors.ts'
import { nearest } from '../../suggestion.ts'
import { operation } from '../session/operation.ts'

/** The settings of an environment, with its value. */
export interface EnvironmentSettings {
  /** True when `env rm` refuses to remove it. */
  readonly 'deletion-protected': boolean
}

const names = ['deletion-protected'] as const

/** The settings of an environment. */
export const environmentSettings = operation({
  name: 'get-environment-settings',
  level: 'read',
  audit: 'environment-read',
  async run({ store, subject }): Promise<EnvironmentSettings> {
    return { 'deletion-protected': store.environment(subject.name).settings.deletionProtected }
  },
})

/** The id of an environment, which it keeps whatever it is called. */
export const environmentId = operation({
  name: 'get-environment-id',
  level: 'read',
  audit: 'environment-read',
  async run({ store, subject }): Promise<string> {
    return store.environment(subject.name).id
  },
})

/** @throws EscError `usage` for a setting there is not. */
export function settingName(name: string): keyof EnvironmentSettings {
  const known = names.find((each) => each === name)
  if (known !== undefined) return known
  const similar = nearest(name, names)
  throw new EscError('usage', `unknown setting name: ${name}`, {
    hint: similar === undefined ? `settings are: ${names.join(', ')}` : `did you mean ${similar}?`,
  })
}

/** Changes settings, and returns all. */
export const changeSettings = operation({
  name: 'change-environment-settings',
  level: 'admin',
  audit: (changed: EnvironmentSettings) =>
    `environment-deletion-protection-${changed['deletion-protected'] ? 'enabled' : 'disabled'}`,
  input: (z) => z.strictObject({ 'deletion-protected': z.boolean() }),
  async run({ store, subject }, changed: EnvironmentSettings): Promise<EnvironmentSettings> {
    const environment = store.environment(subject.name)
    await environment.settingsWriter.protectFromDeletion(changed['deletion-protected'])
    return { 'deletion-protected': environment.settings.deletionProtected }
  },
})
