import { resolve } from 'node:path'
import { configFolder, type KeyContext } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import type { World } from '../evaluate/index.ts'
import {
  type Author,
  type ChangedFiles,
  type Environment,
  layout,
  type RecordedFiles,
  type Revision,
  recordFiles,
  Store,
  type StoreWorld,
} from '../store/index.ts'
import { findAuthor } from './author.ts'
import { readKnownStores } from './known-stores.ts'
import { type EnvironmentReference, parseReference } from './reference.ts'

/** What a workspace needs from outside. */
export interface WorkspaceOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder of the store, as typed. Default: `ESC_STORE`, else the store that `cwd` is in. */
  readonly store?: string | undefined
  /** Asks a person for a secret; undefined when nobody is there. */
  readonly prompt?: KeyContext['prompt'] | undefined
  /** Tells the user something that is no result, such as where a new key file is. No secrets. */
  readonly notify: (text: string) => void
  readonly now: () => Date
  /** Where providers come from. Default: the registry of this program. */
  readonly provider?: World['provider'] | undefined
  /** Random bytes for names of temporary files. Default: those of the operating system. */
  readonly random?: ((byteCount: number) => Uint8Array) | undefined
  /** Hears of each store that is opened. */
  readonly onOpen?: ((workspace: Workspace) => void) | undefined
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
  reference(text: string): EnvironmentReference
  /** What has been changed in the store by this object so far. */
  changes(): ChangedFiles
}

export function openWorkspace(options: WorkspaceOptions): Workspace {
  const recorded = recordFiles()
  const world = { keys: keyContext(options), files: recorded.files }
  const chosen = options.store ?? options.env.ESC_STORE
  if (chosen)
    return workspaceOf(openChosen(resolve(options.cwd, chosen), world), { chosen: 'named', recorded, options })
  try {
    return workspaceOf(Store.find(options.cwd, world), { chosen: 'found', recorded, options })
  } catch (error) {
    const { current } = readKnownStores(options.env)
    if (!(error instanceof EscError) || error.code !== 'not_found' || current === undefined) throw error
    return workspaceOf(Store.open(current, world), { chosen: 'login', recorded, options })
  }
}

/** The store in a folder, or in `environments/` of it. */
export function openWorkspaceAt(folder: string, options: WorkspaceOptions, chosen: Chosen): Workspace {
  const recorded = recordFiles()
  const world = { keys: keyContext(options), files: recorded.files }
  return workspaceOf(openChosen(resolve(options.cwd, folder), world), { chosen, recorded, options })
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

interface Opening {
  readonly chosen: Chosen
  readonly recorded: RecordedFiles
  readonly options: WorkspaceOptions
}

function workspaceOf(store: Store, { chosen, recorded, options }: Opening): Workspace {
  let author: Promise<Author> | undefined
  const workspace: Workspace = {
    store,
    chosen,
    options,
    author: () => {
      author ??= findAuthor(options.env, store.folder)
      return author
    },
    reference: (text) => parseReference(text, () => store.organization),
    changes: () => recorded.changedIn(store.folder),
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

/** Says so when `environment.yaml` is not what commands read: they work on the newest revision. */
export function warnOfUnsavedEdit(workspace: Workspace, environment: Environment, newest: Revision): void {
  if (environment.definitionState(newest) !== 'edited') return
  workspace.options.notify(
    `warning: ${layout.definition(environment.folder)} has changes that are not saved; revision ${newest.number} is used. ` +
      `Save them with "esc env save ${environment.name}".`,
  )
}
