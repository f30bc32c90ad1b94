import { resolve } from 'node:path'
import { configFolder, type KeyContext } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import { type Author, type Environment, layout, type Revision, Store } from '../store/index.ts'
import { findAuthor } from './author.ts'
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
}

/** A store in use by somebody: what every function of this folder works on. */
export interface Workspace {
  readonly store: Store
  readonly options: WorkspaceOptions
  /** Who new revisions are by. Found out once. */
  author(): Promise<Author>
  reference(text: string): EnvironmentReference
}

export function openWorkspace(options: WorkspaceOptions): Workspace {
  const world = { keys: keyContext(options) }
  const chosen = options.store ?? options.env.ESC_STORE
  const store = chosen ? openChosen(resolve(options.cwd, chosen), world) : Store.find(options.cwd, world)
  return workspaceOf(store, options)
}

/** `folder` is a store, or holds one in `environments/`. */
function openChosen(folder: string, world: { readonly keys: KeyContext }): Store {
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

export function workspaceOf(store: Store, options: WorkspaceOptions): Workspace {
  let author: Promise<Author> | undefined
  return {
    store,
    options,
    author: () => {
      author ??= findAuthor(options.env, store.folder)
      return author
    },
    reference: (text) => parseReference(text, () => store.organization),
  }
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
