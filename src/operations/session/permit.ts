import { type AccessRules, decide, decideForStore, holders, includes, type Level } from '../../access/index.ts'
import { type AuditDetails, type AuditEvent, verbOf } from '../../audit/index.ts'
import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import type { EnvironmentListing, GuardLevel } from '../../store/index.ts'
import type { Permitted } from './audit-trail.ts'
import { restricted, withinRestriction } from './restriction.ts'
import type { Workspace } from './workspace.ts'

/** Stands for the store as a whole, such as its rules. */
export const wholeStore = '*'

/**
 * Refuses what the access rules do not allow, and writes the line of the audit log. A session calls
 * it before each operation, for the environment that it is about; an operation calls it for each
 * further environment that it touches. `event`: what is about to be done. Who knows what came of
 * it, such as the revision, says so to what is returned; the rest ends with the operation.
 *
 * @throws EscError `forbidden`, naming what is needed and who has it; `invalid_input` for rules
 *   with a mistake; `io` when the line cannot be written and the store requires it.
 */
export async function permit(
  workspace: Workspace,
  environment: string,
  level: GuardLevel,
  event: AuditEvent,
  details?: () => AuditDetails,
): Promise<Permitted> {
  refuseForbidden(workspace, environment, level, event)
  return workspace.audit.begin(event, environment, details)
}

/** As `permit`, for what must be known at once and is recorded only when it is refused. */
export function refuseForbidden(
  workspace: Workspace,
  environment: string,
  level: GuardLevel,
  event: AuditEvent = eventOf[level],
): void {
  const refusal = refusalOf(workspace, environment, level, event)
  if (refusal !== undefined) throw denial(workspace, environment, { level, event, refusal })
}

/** Records a refusal, and returns it to be thrown. */
export function denial(
  workspace: Workspace,
  environment: string,
  { level, event, refusal }: { readonly level: GuardLevel; readonly event: AuditEvent; readonly refusal: EscError },
): EscError {
  workspace.audit.denied(event, environment, { needed: level })
  return refusal
}

/** Returns the error that `permit` would throw. Undefined: it is allowed. */
export function refusalOf(
  workspace: Workspace,
  environment: string,
  level: GuardLevel,
  event: AuditEvent = eventOf[level],
): EscError | undefined {
  const { restriction } = workspace.caller
  if (restriction !== undefined && !withinRestriction(restriction, environment, level))
    return restricted(restriction, environment, { level, event })
  const rules = workspace.accessRules()
  if (rules === undefined) return undefined
  const { name } = workspace.principal()
  const { level: held } = environment === wholeStore ? decideForStore(rules, name) : decide(rules, name, environment)
  return includes(held, level) ? undefined : forbidden(workspace, rules, { environment, held, level, event })
}

/** Names of the environments that the user may see at all, sorted. */
export function visibleEnvironments(workspace: Workspace): string[] {
  return workspace.store.list().filter(seenBy(workspace))
}

/** The same; what cannot be looked into hides none of the others. */
export function visibleListing(workspace: Workspace): EnvironmentListing {
  const { names, unreadable } = workspace.store.listing()
  const seen = seenBy(workspace)
  return { names: names.filter(seen), unreadable: unreadable.filter(({ name }) => seen(name)) }
}

function seenBy(workspace: Workspace): (environment: string) => boolean {
  const rules = workspace.accessRules()
  const { restriction } = workspace.caller
  if (restriction !== undefined) {
    const seen = seenBy({ ...workspace, caller: { ...workspace.caller, restriction: undefined } })
    return (environment) => withinRestriction(restriction, environment, 'read') && seen(environment)
  }
  if (rules === undefined) return () => true
  const { name } = workspace.principal()
  return (environment) => includes(decide(rules, name, environment).level, 'read')
}

/** The events that the store's own guard is asked about. */
const eventOf = {
  read: 'environment-read',
  open: 'environment-decrypted',
  write: 'environment-updated',
  admin: 'environment-settings-updated',
} as const

interface Refusal {
  readonly environment: string
  readonly held: Level
  readonly level: GuardLevel
  readonly event: AuditEvent
}

function forbidden(
  { principal }: Workspace,
  rules: AccessRules,
  { environment, held, level, event }: Refusal,
): EscError {
  const { name, from } = principal()
  const what = environment === wholeStore ? `the store` : `environment '${environment}'`
  const who = holders(rules, environment, 'admin').filter((each) => each !== '*')
  const from_ =
    from === 'ESC_PRINCIPAL' || from === 'token' ? '' : ` (as ${from === 'system' ? 'the system' : from} says)`
  const ask = who.length === 0 ? 'the rules name no admin: whoever keeps esc.yaml can add one' : `ask ${who.join(', ')}`
  const explain =
    environment === wholeStore
      ? step('look at the rules', { do: 'list-access-rules' })
      : step('look at why', { do: 'explain-access', environment })
  return new EscError(
    'forbidden',
    `'${name}'${from_} may not ${verbOf(event)} ${what}: that needs ${level}, and the rules give ${held}`,
    { hint: rich`${ask}; ${explain}` },
  )
}
