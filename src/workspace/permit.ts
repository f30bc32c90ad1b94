import { type AccessRules, decide, decideForStore, holders, includes, type Level } from '../access/index.ts'
import { type AuditEvent, auditEvents } from '../audit/index.ts'
import { EscError } from '../errors.ts'
import type { GuardLevel } from '../store/index.ts'
import type { Workspace } from './workspace.ts'

/** Stands for the store as a whole, such as its rules. */
export const wholeStore = '*'

/**
 * To be called by every function of this folder before it reads or changes an environment: refuses what the access rules do not
 * allow. `event`: what is about to be done.
 *
 * @throws EscError `forbidden`, naming what is needed and who has it; `invalid_input` for rules with a mistake.
 */
export async function permit(
  workspace: Workspace,
  environment: string,
  level: GuardLevel,
  event: AuditEvent,
): Promise<void> {
  refuseForbidden(workspace, environment, level, auditEvents[event])
}

/** As `permit`, for what must be known at once and is not recorded. `doing`: what the sentence of the refusal says. */
export function refuseForbidden(workspace: Workspace, environment: string, level: GuardLevel, doing?: string): void {
  const refusal = refusalOf(workspace, environment, level, doing)
  if (refusal !== undefined) throw refusal
}

/** What `permit` would throw. Undefined: it is allowed. */
export function refusalOf(
  workspace: Workspace,
  environment: string,
  level: GuardLevel,
  doing: string = doingOf[level],
): EscError | undefined {
  const rules = workspace.accessRules()
  if (rules === undefined) return undefined
  const { name } = workspace.principal()
  const { level: held } = environment === wholeStore ? decideForStore(rules, name) : decide(rules, name, environment)
  return includes(held, level) ? undefined : forbidden(workspace, rules, { environment, held, level, doing })
}

/** Names of the environments that the user may see at all, sorted. */
export function visibleEnvironments(workspace: Workspace): string[] {
  const all = workspace.store.list()
  const rules = workspace.accessRules()
  if (rules === undefined) return all
  const { name } = workspace.principal()
  return all.filter((environment) => includes(decide(rules, name, environment).level, 'read'))
}

const doingOf: Readonly<Record<GuardLevel, string>> = {
  read: 'read',
  open: 'use the key of',
  write: 'change',
  admin: 'manage',
}

interface Refusal {
  readonly environment: string
  readonly held: Level
  readonly level: GuardLevel
  readonly doing: string
}

function forbidden(
  { principal }: Workspace,
  rules: AccessRules,
  { environment, held, level, doing }: Refusal,
): EscError {
  const { name, from } = principal()
  const what = environment === wholeStore ? 'the store' : `environment '${environment}'`
  const who = holders(rules, environment, 'admin').filter((each) => each !== '*')
  const from_ = from === 'ESC_PRINCIPAL' ? '' : ` (as ${from === 'system' ? 'the system' : from} says)`
  const ask = who.length === 0 ? 'the rules name no admin: whoever keeps esc.yaml can add one' : `ask ${who.join(', ')}`
  const explain =
    environment === wholeStore ? '"esc access list" shows the rules' : `"esc access explain ${environment}" says why`
  return new EscError(
    'forbidden',
    `'${name}'${from_} may not ${doing} ${what}: that needs ${level}, and the rules give ${held}`,
    { hint: `${ask}; ${explain}` },
  )
}
