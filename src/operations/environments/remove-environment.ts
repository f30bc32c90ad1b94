import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import { operation } from '../session/operation.ts'

export interface RemovalRequest {
  /** Returns once a person agrees to remove the environment with this full name. Throws if not. */
  readonly confirm: (fullName: string) => Promise<void>
}

/** Removes an environment. Throws EscError `not_found`; `conflict` for one that is protected. */
export const removeEnvironment = operation({
  name: 'remove-environment',
  level: 'admin',
  audit: 'environment-deleted',
  input: (z) => z.strictObject({}),
  async run(work, { confirm }: RemovalRequest): Promise<{ readonly fullName: string }> {
    const environment = work.store.environment(work.subject.name)
    const fullName = `${work.store.organization}/${environment.name}`
    if (environment.settings.deletionProtected) {
      throw new EscError(
        'conflict',
        rich`cannot delete environment: deletion protection is enabled. ${step('Disable deletion protection', { do: 'allow-removal', environment: fullName })} before deleting`,
      )
    }
    await confirm(fullName)
    await work.store.removal.remove(environment.name, { author: await work.author(), removed: work.host.now() })
    return { fullName }
  },
})
