import { resolve } from 'node:path'
import { type AccessRules, readAccessRules } from '../../access/index.ts'
import { EscError } from '../../errors.ts'
import type { KeyContext } from '../../keys/index.ts'
import {
  type Author,
  type GuardLevel,
  layout,
  recordFiles,
  Store,
  type StoreHost,
  type StoreRecords,
} from '../../store/index.ts'
import { announcingListener } from '../../webhooks/index.ts'
import { type FolderChoice, storeOfFolder } from '../folders/folder-choice.ts'
import { parseReference } from '../references/reference.ts'
import { namesServer } from '../servers/server-in-words.ts'
import { AuditTrail } from './audit-trail.ts'
import { findAuthor } from './author.ts'
import { readKnownStores } from './known-stores.ts'
import { refuseForbidden } from './permit.ts'
import { findPrincipal, type Principal } from './principal.ts'
import type { SessionHost, SessionParts, SessionRequest } from './session-parts.ts'
import { type Chosen, keyContext, type Workspace } from './workspace.ts'

/**
 * The store that is named in the request or by `ESC_STORE`, else the one that the nearest
 * `.esc.yaml` names, else the one at or above the current folder, else that of the last login.
 *
 * @param looked what the nearest `.esc.yaml` chooses, where that is known. Default: it is looked
 *   for.
 */
export function openWorkspace(
  { store: named, ...parts }: SessionRequest,
  looked?: { readonly here: FolderChoice | undefined },
): Workspace {
  const { cwd, env } = parts.host
  const chosen = named ?? env.ESC_STORE
  if (chosen) return workspaceOf((host) => openChosen(resolve(cwd, chosen), host), 'named', { parts })
  const { here } = looked ?? { here: storeOfFolder(parts.host) }
  if (here?.store !== undefined) return openOfFolder(here, here.store, parts)
  try {
    return workspaceOf((host) => Store.find(cwd, host), 'found', { parts })
  } catch (error) {
    const { current } = readKnownStores(env)
    if (!(error instanceof EscError) || error.code !== 'not_found' || current === undefined || namesServer(current))
      throw error
    return workspaceOf((host) => Store.open(current, host), 'login', { parts })
  }
}

function openOfFolder({ file }: FolderChoice, store: string, parts: SessionParts): Workspace {
  if (namesServer(store)) {
    throw new EscError('unsupported', `this works in the folder of a store, and ${file} names ${store}`, {
      hint: 'name a folder',
    })
  }
  try {
    return workspaceOf((host) => openChosen(store, host), 'folder', { parts })
  } catch (error) {
    if (!(error instanceof EscError) || error.code !== 'not_found') throw error
    throw new EscError('not_found', `${file} names the store ${store}, which is not there`, {
      hint: 'correct the file, or name a store',
      cause: error,
    })
  }
}

/** More that a workspace can be given than most are. */
interface Shared {
  /** The workspace of the store that this one is a copy of. */
  readonly original?: Workspace
  /** Keys that the process has unwrapped, also for other callers. */
  readonly unwrapped?: StoreHost['unwrapped']
}

/** The store in a folder, or in `environments/` of it. */
export function openWorkspaceAt(folder: string, parts: SessionParts, chosen: Chosen, shared?: Shared): Workspace {
  const path = resolve(parts.host.cwd, folder)
  return workspaceOf((host) => openChosen(path, host), chosen, { parts, ...shared })
}

/** The store that is kept by `records`, such as those of a database. */
export function openWorkspaceIn(records: StoreRecords, parts: SessionParts, shared?: Shared): Workspace {
  return workspaceOf((host) => Store.openIn(records, host), 'named', { parts, ...shared })
}

/** The store of a workspace, opened anew as it is now. */
export function reopenWorkspace({ store, chosen }: Workspace, parts: SessionParts): Workspace {
  return workspaceOf((host) => store.openedFor(host), chosen, { parts })
}

/** `folder` is a store, or holds one in `environments/`. */
function openChosen(folder: string, host: StoreHost): Store {
  try {
    return Store.open(folder, host)
  } catch (error) {
    if (!(error instanceof EscError) || error.code !== 'not_found') throw error
    try {
      return Store.open(resolve(folder, 'environments'), host)
    } catch (inner) {
      throw inner instanceof EscError && inner.code === 'not_found' ? error : inner
    }
  }
}

function workspaceOf(
  open: (host: StoreHost) => Store,
  chosen: Chosen,
  { parts, original, unwrapped }: Shared & { readonly parts: SessionParts },
): Workspace {
  const { caller, host, policy } = parts
  const recorded = recordFiles()
  // Beneath the check of every function of this folder: one that forgets it gets
  // no further than the store.
  const guard = (environment: string, level: GuardLevel) => refuseForbidden(workspace, environment, level)
  // What happens in a copy has not happened yet.
  const listener = original === undefined ? { listener: announcingListener(host.notify) } : {}
  // The environments of a copy are those of the original: the same keys are known,
  // and the same locks count.
  const state = original === undefined ? {} : { storeState: original.store.state }
  const keys = workspaceKeys(() => workspace, host)
  const store = open({ keys, files: recorded.files, guard, unwrapped, ...listener, ...state })
  let author: Author | undefined
  let principal: Principal | undefined
  let rules: { readonly access: AccessRules | undefined } | undefined
  const workspace: Workspace = {
    store,
    audit: original?.audit ?? new AuditTrail(store, parts, () => workspace.principal()),
    chosen,
    caller,
    host,
    policy,
    original,
    async author() {
      author ??= caller.author ?? authorOf(caller.principal) ?? findAuthor(host.env, store.folder)
      return author
    },
    principal() {
      principal ??= original?.principal() ?? caller.principal ?? findPrincipal(host.env, store.folder)
      return principal
    },
    accessRules() {
      if (original !== undefined) return original.accessRules()
      if (caller.unlimited) return undefined
      rules ??= { access: readAccessRules(store.configuration.text, layout.configuration(store.folder)) }
      return rules.access
    },
    reference: (text) => parseReference(text, () => store.organization),
    changes: () => recorded.changedIn(store.folder, store.state.machine),
  }
  return workspace
}

/** The author that a principal is who was given: those of the process are not asked. */
function authorOf(principal: Principal | undefined): Author | undefined {
  return principal && { name: principal.name, email: principal.name.includes('@') ? principal.name : '' }
}

/** As `keyContext`, for the keys of a store: a host that its text names is asked about. */
export function workspaceKeys(of: () => Workspace, host: SessionHost): KeyContext {
  return {
    ...keyContext(host),
    async allowHost({ origin }) {
      // Rare: most URLs of secrets providers name no host, or one of their cloud.
      const { requirePowers } = await import('../trust/require-powers.ts')
      await requirePowers(of(), [{ kind: 'keyHost', value: origin }])
    },
  }
}
