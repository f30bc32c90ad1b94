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
import type { EnvironmentReference } from '../references/reference.ts'
import { refusalOf, wholeStore } from '../session/permit.ts'
import type { Principal } from '../session/principal.ts'
import { keyContext, type Workspace } from '../session/workspace.ts'

/** What one principal may do with an environment. */
export interface PrincipalAccess extends Decision {
  readonly principal: string
  readonly teams: readonly string[]
}

export interface AccessExplanation {
  readonly environment: string
  /** Whether there are rules at all. */
  readonly rules: boolean
  /** Whom the question was about; `from` is undefined for another than the user. */
  readonly who: PrincipalAccess & { readonly from: Principal['from'] | undefined }
  /** Everybody the rules name. */
  readonly others: readonly PrincipalAccess[]
  /** Of everybody else. */
  readonly everybody: Level
  /** Who can decrypt it, whatever the rules say. Undefined: the user may not even read it. */
  readonly key: (KeyHolders & { readonly secretsProvider: string }) | undefined
  /**
   * How the list of age recipients differs from those that the data key is locked for. Undefined:
   * it does not, as far as is known here.
   */
  readonly unapplied?: UnappliedList
}

/** An edit of a list of age recipients that only counts once the data key is locked again. */
export interface UnappliedList {
  /** Listed, and cannot open it yet. */
  readonly added: readonly string[]
  /** Not listed any more, and can still open it. */
  readonly removed: readonly string[]
}

/**
 * Who may do what with an environment, and why; and who can decrypt it. Needs no key and no
 * level: rules are no secret.
 */
export function explainAccess(
  workspace: Workspace,
  { name }: EnvironmentReference,
  as: string | undefined,
): AccessExplanation {
  const rules = workspace.accessRules()
  const { name: user, from } = as === undefined ? workspace.principal() : { name: as, from: undefined }
  if (!workspace.store.has(name)) workspace.store.environment(name)
  const readable = refusalOf(workspace, name, 'read') === undefined
  const named = rules === undefined ? [] : principalsOf(rules)
  const environment = readable ? workspace.store.environment(name) : undefined
  const key = environment && holdersOf(workspace, environment)
  const unapplied = environment && key && unappliedList(environment, key)
  return {
    environment: name,
    rules: rules !== undefined,
    who: { ...accessOf(rules, user, name), from },
    others: named.map((each) => accessOf(rules, each, name)),
    everybody: rules === undefined ? 'admin' : decide(rules, '*', name).level,
    key,
    ...(unapplied && { unapplied }),
  }
}

function unappliedList(environment: Environment, key: KeyHolders): UnappliedList | undefined {
  const locked = key.kind === 'recipients' ? environment.lockedFor() : undefined
  if (locked === undefined || key.kind !== 'recipients') return undefined
  const listed = key.recipients.map(({ recipient }) => recipient)
  const added = listed.filter((recipient) => !locked.includes(recipient))
  const removed = locked.filter((recipient) => !listed.includes(recipient))
  return added.length + removed.length === 0 ? undefined : { added, removed }
}

/** Who can unwrap the data key of an environment, as its settings and lists say. */
export function holdersOf(
  workspace: Workspace,
  { folder, id, name, settings }: Environment,
): KeyHolders & { readonly secretsProvider: string } {
  const { store, options } = workspace
  const secretsProvider = settings.secretsProvider ?? store.configuration.defaultSecretsProvider
  const owner = { id, name, folders: [folder, store.folder] }
  const holders = keyHolders(secretsProvider, settings.wrappedDataKey, { context: keyContext(options), owner })
  return { ...holders, secretsProvider }
}

export interface AccessList {
  /** Undefined: there are none, and everybody may do everything. */
  readonly rules: AccessRules | undefined
  readonly who: Principal
  /** What the user may do with the store as a whole. */
  readonly store: Decision
}

/** The rules, and who one is to them. */
export function listAccess(workspace: Workspace): AccessList {
  const rules = workspace.accessRules()
  const who = workspace.principal()
  return { rules, who, store: decideForStore(rules, who.name) }
}

function accessOf(rules: AccessRules | undefined, principal: string, environment: string): PrincipalAccess {
  const decision = environment === wholeStore ? decideForStore(rules, principal) : decide(rules, principal, environment)
  return { principal, teams: rules === undefined ? [] : teamsOf(rules, principal), ...decision }
}
