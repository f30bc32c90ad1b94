import { resolve } from 'node:path'
import { Store } from '../store/index.ts'
import { allowTypedProvider } from './trust/typed-provider.ts'
import { keyContext, openWorkspaceAt, type WorkspaceOptions } from './workspace.ts'

export interface NewStoreRequest {
  /** As typed; default: `environments` in the current folder. */
  readonly folder?: string | undefined
  readonly organization?: string | undefined
  readonly secretsProvider?: string | undefined
}

/** Makes a new store and returns its folder. */
export function initStore(request: NewStoreRequest, options: WorkspaceOptions): { readonly folder: string } {
  const folder = resolve(options.cwd, request.folder ?? options.store ?? options.env.ESC_STORE ?? 'environments')
  const { organization, secretsProvider } = request
  const store = Store.init(
    folder,
    {
      ...(organization === undefined ? {} : { organization }),
      ...(secretsProvider === undefined ? {} : { secretsProvider }),
    },
    { keys: keyContext(options) },
  )
  return { folder: store.folder }
}

/** As `initStore`; the secrets provider is the user's own choice, so its host is allowed from now on. */
export async function initChosenStore(
  request: NewStoreRequest,
  options: WorkspaceOptions,
): Promise<{ readonly folder: string }> {
  const made = initStore(request, options)
  if (request.secretsProvider !== undefined) {
    const workspace = openWorkspaceAt(made.folder, { ...options, onOpen: undefined }, 'named')
    await allowTypedProvider(workspace, request.secretsProvider)
  }
  return made
}
