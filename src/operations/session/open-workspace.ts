import { resolve } from 'node:path'
import { type AccessRules, readAccessRules } from '../../access/index.ts'
import { EscError } from '../../errors.ts'
import type { KeyContext } from '../../keys/index.ts'
import { type Author, type GuardLevel, layout, recordFiles, Store, type StoreHost } from '../../store/index.ts'
import { announcingListener } from '../../webhooks/index.ts'
import { parseReference } from '../references/reference.ts'
import { AuditTrail } from './audit-trail.ts'
import { findAuthor } from './author.ts'
import { readKnownStores } from './known-stores.ts'
import { refuseForbidden } from './permit.ts'
import { findPrincipal, type Principal } from './principal.ts'
import { type Chosen, keyContext, type Workspace, type WorkspaceOptions } from './workspace.ts'

/**
 * The store that is named in `options` or by `ESC_STORE`, else the one at or above the current
 * folder, else that of the last login.
 */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  const chosen = options.store ?? options.env.ESC_STORE
  if (chosen) return workspaceOf((host) => openChosen(resolve(options.cwd, chosen), host), 'named', options)
  try {
    return workspaceOf((host) => Store.find(options.cwd, host), 'found', options)
  } catch (error) {
    const { current } = readKnownStores(options.env)
    if (!(error instanceof EscError) || error.code !== 'not_found' || current === undefined) throw error
    return workspaceOf((host) => Store.open(current, host), 'login', options)
  }
}

/** The store in a folder, or in `environments/` of it. */
export function openWorkspaceAt(folder: string, options: WorkspaceOptions, chosen: Chosen): Workspace {
  return workspaceOf((host) => openChosen(resolve(options.cwd, folder), host), chosen, options)
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

function workspaceOf(open: (host: StoreHost) => Store, chosen: Chosen, options: WorkspaceOptions): Workspace {
  const recorded = recordFiles()
  // Beneath the check of every function of this folder: one that forgets it gets
  // no further than the store.
  const guard = (environment: string, level: GuardLevel) => refuseForbidden(workspace, environment, level)
  // What happens in a copy has not happened yet.
  const { original } = options
  const listener = original === undefined ? { listener: announcingListener(options.notify) } : {}
  // The environments of a copy are those of the original: the same keys are known,
  // and the same locks count.
  const state = original === undefined ? {} : { storeState: original.store.state }
  const keys = workspaceKeys(() => workspace, options)
  const store = open({ keys, files: recorded.files, guard, ...listener, ...state })
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
  return workspace
}

/** As `keyContext`, for the keys of a store: a host that its text names is asked about. */
export function workspaceKeys(of: () => Workspace, options: WorkspaceOptions): KeyContext {
  return {
    ...keyContext(options),
    async allowHost({ origin }) {
      // Rare: most URLs of secrets providers name no host, or one of their cloud.
      const { requirePowers } = await import('../trust/require-powers.ts')
      await requirePowers(of(), [{ kind: 'keyHost', value: origin }])
    },
  }
}
