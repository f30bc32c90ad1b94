import { includes } from '../../access/index.ts'
import { type AuditEvent, verbOf } from '../../audit/index.ts'
import { EscError } from '../../errors.ts'
import { environmentPattern, type GuardLevel } from '../../store/index.ts'

/** The most that may be done in a session, such as that of an agent. */
export interface Restriction {
  readonly level: GuardLevel
  /**
   * Patterns of names, such as `app/*`. What an environment imports must be among them too. Empty:
   * every environment.
   */
  readonly environments: readonly string[]
}

/** True when it may be done. `*` is the store as a whole, which only a pattern for all means. */
export function withinRestriction(
  { level: most, environments }: Restriction,
  environment: string,
  level: GuardLevel,
): boolean {
  if (!includes(most, level)) return false
  if (environments.length === 0 || environments.includes('*')) return true
  // In whatever case, as with the access rules.
  const name = environment.toLowerCase()
  return environment !== '*' && environments.some((pattern) => environmentPattern(pattern.toLowerCase())(name))
}

/** The error for what may not be done. */
export function restricted(
  { level: most, environments }: Restriction,
  environment: string,
  { level, event }: { readonly level: GuardLevel; readonly event: AuditEvent },
): EscError {
  const what = environment === '*' ? 'the store' : `environment '${environment}'`
  const where = environments.length === 0 ? 'every environment' : environments.join(', ')
  return new EscError(
    'forbidden',
    `this session may not ${verbOf(event)} ${what}: that needs ${level}, and it was begun with ${most} for ${where}`,
    { hint: 'ask whoever began it to allow more' },
  )
}
