import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import type { Environment, Revision } from '../../store/index.ts'

/**
 * Refuses `what` to an environment without a key, whose definition no seal vouches for. To open
 * its values is harmless; in a call they decide where the secrets of others go. Whatever was
 * saved with `esc` has a key.
 *
 * @throws EscError `untrusted`.
 */
export function refuseUnvouched(environment: Environment, { definition }: Revision, what: string): void {
  // Every environment begins without a definition and without a key.
  if (environment.settings.wrappedDataKey !== undefined || definition.trim() === '') return
  throw new EscError(
    'untrusted',
    `environment '${environment.name}' has no key, so nothing says who wrote its definition: it may not ${what}`,
    {
      hint: rich`${step('review it', { do: 'show-environment', environment: environment.name })}, and if it is yours, ${step('give it a key', { do: 'edit-definition', environment: environment.name })}`,
    },
  )
}
