import { resolve } from 'node:path'
import { type AccessRules, readAccessRules } from '../access/index.ts'
import type { AuditOrigin } from '../audit/index.ts'
import { configFolder, type KeyContext } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import type { World } from '../evaluate/index.ts'
import {
  type Author,
  type ChangedFiles,
  type Environment,
  type GuardLevel,
  layout,
  type Revision,
  recordFiles,
  Store,
  type StoreWorld,
} from '../store/index.ts'
import { announcingWitness, type PostWebhook } from '../webhooks/index.ts'
import { AuditTrail } from './audit-trail.ts'
import { findAuthor } from './author.ts'
import { readKnownStores } from './known-stores.ts'
import { refuseForbidden } from './permit.ts'
import { findPrincipal, type Principal } from './principal.ts'
import { type EnvironmentReference, parseReference } from './reference.ts'
import type { TrustReview } from './trust/require-powers.ts'

/** What a workspace needs from outside. */
export interface WorkspaceOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder of the store, as typed. Default: `ESC_STORE`, else the store that `cwd` is in. */
  readonly store?: string | undefined
  /** Asks a person for a secret; undefined when nobody is there. */
  readonly prompt?: KeyContext['prompt'] | undefined
  /** Asks a person whether the store may do what it asks for; undefined when nobody is there. */
  readonly askTrust?: ((review: TrustReview) => Promise<boolean>) | undefined
  /** Tells the user something that is no result, such as where a new key file is. No secrets. */
  readonly notify: (text: string) => void
  /** Hears of each definition that is checked before it is saved: no message may show the secrets that it holds in the clear. */
  readonly hide?: ((definition: string) => void) | undefined
  readonly now: () => Date
  /** Hears what is being done, for a person who waits. No secrets. */
  readonly progress?: ((text: string) => void) | undefined
  /** Where providers come from. Default: the registry of this program. */
  readonly provider?: World['provider'] | undefined
  /** Random bytes for names of temporary files. Default: those of the operating system. */
  readonly random?: ((byteCount: number) => Uint8Array) | undefined
  /** Sends a delivery of a webhook. Default: by HTTP. */
  readonly postWebhook?: PostWebhook | undefined
  /** Hears of each store that is opened. */
  readonly onOpen?: ((workspace: Workspace) => void) | undefined
  /** For a copy of a store, such as a draft: whose rules count, and whose log what is done is written in. */
  readonly original?: Workspace | undefined
  /** Digest of the program, so that another one does not believe what it has kept. Undefined: nothing is kept. */
  readonly build?: string | undefined
  /** The command that is run, for the audit log. Undefined: another program uses the store. */
  readonly invocation?: Pick<AuditOrigin, 'command' | 'terminal'> | undefined
}

/** Why it is this store: it was named, by flag or variable; the current folder is in or beside it; the user has logged in to it. */
export type Chosen = 'named' | 'found' | 'login'

/** A store in use by somebody: what every function of this folder works on. */
export interface Workspace {
  readonly store: Store
  readonly chosen: Chosen
  readonly options: WorkspaceOptions
  /** Who new revisions are by. Found out once. */
  author(): Promise<Author>
  /** Who access rules and audit log take the user for. Found out once. */
  principal(): Principal
  /** What `access:` in `esc.yaml` says. Undefined: nothing. @throws EscError `invalid_input` for rules with a mistake. */
  accessRules(): AccessRules | undefined
  /** Where what is done is written down. */
  readonly audit: AuditTrail
  reference(text: string): EnvironmentReference
  /** What has been changed in the store by this object so far. */
  changes(): ChangedFiles
}

export function openWorkspace(options: WorkspaceOptions): Workspace {
  const chosen = options.store ?? options.env.ESC_STORE
  if (chosen) return workspaceOf((world) => openChosen(resolve(options.cwd, chosen), world), 'named', options)
  try {
    return workspaceOf((world) => Store.find(options.cwd, world), 'found', options)
  } catch (error) {
    const { current } = readKnownStores(options.env)
    if (!(error instanceof EscError) || error.code !== 'not_found' || current === undefined) throw error
    return workspaceOf((world) => Store.open(current, world), 'login', options)
  }
}

/** The store in a folder, or in `environments/` of it. */
export function openWorkspaceAt(folder: string, options: WorkspaceOptions, chosen: Chosen): Workspace {
  return workspaceOf((world) => openChosen(resolve(options.cwd, folder), world), chosen, options)
}

/** `folder` is a store, or holds one in `environments/`. */
function openChosen(folder: string, world: StoreWorld): Store {
  try {
    return Store.open(folder, world)
  } catch (error) {
    if (!(error instanceof EscError) || error.code !== 'not_found') throw error
    try {
      return Store.open(resolve(folder, 'environments'), world)
    } catch (inner) {
      throw inner instanceof EscError && inner.code === 'not_found' ? error : inner
    }
  }
}

function workspaceOf(open: (world: StoreWorld) => Store, chosen: Chosen, options: WorkspaceOptions): Workspace {
  const recorded = recordFiles()
  // Beneath the check of every function of this folder: one that forgets it gets no further than the store.
  const guard = (environment: string, level: GuardLevel) => refuseForbidden(workspace, environment, level)
  // What happens in a copy has not happened yet.
  const { original } = options
  const witness = original === undefined ? { witness: announcingWitness(options.notify) } : {}
  // The environments of a copy are those of the original: the same keys are known, and the same locks count.
  const state = original === undefined ? {} : { storeState: original.store.state }
  const keys = workspaceKeys(() => workspace, options)
  const store = open({ keys, files: recorded.files, guard, ...witness, ...state })
  let author: Author | undefined
  let principal: Principal | undefined
  let rules: { readonly access: AccessRules | undefined } | undefined
  const workspace: Workspace = {
    store,
    audit: options.original?.audit ?? new AuditTrail(store, options, () => workspace.principal()),
    chosen,
    options,
    async author() {
      author ??= findAuthor(options.env, store.folder)
      return author
    },
    principal() {
      principal ??= options.original?.principal() ?? findPrincipal(options.env, store.folder)
      return principal
    },
    accessRules() {
      if (options.original !== undefined) return options.original.accessRules()
      rules ??= { access: readAccessRules(store.configuration.text, layout.configuration(store.folder)) }
      return rules.access
    },
    reference: (text) => parseReference(text, () => store.organization),
    changes: () => recorded.changedIn(store.folder, store.state.machine),
  }
  options.onOpen?.(workspace)
  return workspace
}

export function keyContext(options: WorkspaceOptions): KeyContext {
  return {
    env: options.env,
    configFolder: configFolder(options.env),
    notify: options.notify,
    ...(options.prompt === undefined ? {} : { prompt: options.prompt }),
  }
}

/** As `keyContext`, for the keys of a store: a host that its text names is asked about. */
export function workspaceKeys(of: () => Workspace, options: WorkspaceOptions): KeyContext {
  return {
    ...keyContext(options),
    async allowHost({ origin }) {
      // Rare: most URLs of secrets providers name no host, or one of their cloud.
      const { requirePowers } = await import('./trust/require-powers.ts')
      await requirePowers(of(), [{ kind: 'keyHost', value: origin }])
    },
  }
}

/** Says so when `environment.yaml` is not what commands read: they work on the newest revision. */
export function warnOfUnsavedEdit(workspace: Workspace, environment: Environment, newest: Revision): void {
  if (environment.definitionState(newest) !== 'edited') return
  workspace.options.notify(
    `warning: ${layout.definition(environment.folder)} has changes that are not saved; revision ${newest.number} is used. ` +
      `Save them with "esc env save ${environment.name}".`,
  )
}
