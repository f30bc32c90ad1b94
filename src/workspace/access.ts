import {
  type AccessRules,
  type Decision,
  decide,
  decideForStore,
  type Level,
  principalsOf,
  teamsOf,
} from '../access/index.ts'
import { type KeyHolders, keyHolders } from '../crypto/index.ts'
import type { Environment } from '../store/index.ts'
import { refusalOf, wholeStore } from './permit.ts'
import type { Principal } from './principal.ts'
import type { EnvironmentReference } from './reference.ts'
import { keyContext, type Workspace } from './workspace.ts'

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
}

/** Who may do what with an environment, and why; and who can decrypt it. Needs no key and no level: rules are no secret. */
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
  return {
    environment: name,
    rules: rules !== undefined,
    who: { ...accessOf(rules, user, name), from },
    others: named.map((each) => accessOf(rules, each, name)),
    everybody: rules === undefined ? 'admin' : decide(rules, '*', name).level,
    key: readable ? holdersOf(workspace, workspace.store.environment(name)) : undefined,
  }
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
