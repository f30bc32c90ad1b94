import {
  type AccessRules,
  type Decision,
  decide,
  decideForStore,
  type Level,
  principalsOf,
  teamsOf,
} from '../../access/index.ts'
import { type KeyHolders, keyHolders } from '../../keys/index.ts'
import type { Environment } from '../../store/index.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { refusalOf, wholeStore } from '../session/permit.ts'
import type { Principal } from '../session/principal.ts'
import { rulesOfStore } from '../session/store-rules.ts'
import { keyContext, type Workspace } from '../session/workspace.ts'

/** The access of one principal to an environment. */
export interface PrincipalAccess extends Decision {
  readonly principal: string
  readonly teams: readonly string[]
}

export interface AccessExplanation {
  readonly environment: string
  /** True when there are rules at all. */
  readonly rules: boolean
  /** Whom the question was about; `from` is undefined for another than the user. */
  readonly who: PrincipalAccess & { readonly from: Principal['from'] | undefined }
  /** Everybody the rules name. */
  readonly others: readonly PrincipalAccess[]
  /** The level of everybody else. */
  readonly everybody: Level
  /** Those who can decrypt it, whatever the rules say. Undefined: the user may not even read it. */
  readonly key: (KeyHolders & { readonly secretsProvider: string }) | undefined
  /**
   * The difference between the list of age recipients and those that the data key is encrypted
   * for. `undefined` when there is none, as far as is known here.
   */
  readonly unapplied?: UnappliedList
}

/** An edit of a list of age recipients that only counts once the data key is encrypted again. */
export interface UnappliedList {
  /** Listed, and cannot open it yet. */
  readonly added: readonly string[]
  /** Not listed any more, and can still open it. */
  readonly removed: readonly string[]
}

/**
 * Explains who may do what with an environment, and why; and who can decrypt it. `as`: whom the
 * question is about; default: the user. Needs no key and no level: rules are no secret.
 */
export const explainAccess = operation({
  name: 'explain-access',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ as: z.string().optional() }),
  async run(work, { as }: { readonly as?: string }): Promise<AccessExplanation> {
    const { name } = work.subject
    const rules = rulesOfStore(work)
    const { name: user, from } = as === undefined ? work.principal() : { name: as, from: undefined }
    if (!work.store.has(name)) work.store.environment(name)
    const readable = refusalOf(work, name, 'read') === undefined
    const named = rules === undefined ? [] : principalsOf(rules)
    const environment = readable ? work.store.environment(name) : undefined
    const key = environment && holdersOf(work, environment)
    const unapplied = environment && key && unappliedList(environment, key)
    return {
      environment: name,
      rules: rules !== undefined,
      who: { ...accessOf(rules, user, name), ...(as === undefined && work.caller.unlimited && unlimited), from },
      others: named.map((each) => accessOf(rules, each, name)),
      everybody: rules === undefined ? 'admin' : decide(rules, '*', name).level,
      key,
      ...(unapplied && { unapplied }),
    }
  },
})

/** The access of a caller whom the rules do not limit. */
const unlimited: Decision = { level: 'admin', because: { kind: 'unlimited' } }

function unappliedList(environment: Environment, key: KeyHolders): UnappliedList | undefined {
  const locked = key.kind === 'recipients' ? environment.keyTrust.holders() : undefined
  if (locked === undefined || key.kind !== 'recipients') return undefined
  const listed = key.recipients.map(({ recipient }) => recipient)
  const added = listed.filter((recipient) => !locked.includes(recipient))
  const removed = locked.filter((recipient) => !listed.includes(recipient))
  return added.length + removed.length === 0 ? undefined : { added, removed }
}

/** Tells who can unwrap the data key of an environment, as its settings and lists say. */
export function holdersOf(
  workspace: Workspace,
  { folder, id, name, settings }: Environment,
): KeyHolders & { readonly secretsProvider: string } {
  const { store, host } = workspace
  const secretsProvider = settings.secretsProvider ?? store.configuration.defaultSecretsProvider
  const owner = { id, name, folders: [folder, store.folder] }
  const holders = keyHolders(secretsProvider, settings.wrappedDataKey, { context: keyContext(host), owner })
  return { ...holders, secretsProvider }
}

export interface AccessList {
  /** `undefined` when there are none, and everybody may do everything. */
  readonly rules: AccessRules | undefined
  readonly who: Principal
  /** The access of the user to the store as a whole. */
  readonly store: Decision
}

/** The rules, and who one is to them. */
export const listAccess = storeOperation({
  name: 'list-access',
  level: undefined,
  audit: 'environment-read',
  async run(work): Promise<AccessList> {
    const rules = rulesOfStore(work)
    const who = work.principal()
    return { rules, who, store: work.caller.unlimited ? unlimited : decideForStore(rules, who.name) }
  },
})

function accessOf(rules: AccessRules | undefined, principal: string, environment: string): PrincipalAccess {
  const decision = environment === wholeStore ? decideForStore(rules, principal) : decide(rules, principal, environment)
  return { principal, teams: rules === undefined ? [] : teamsOf(rules, principal), ...decision }
}
