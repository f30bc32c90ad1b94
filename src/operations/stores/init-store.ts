import { resolve } from 'node:path'
import { tryProvider } from '../../keys/index.ts'
import { refuseStore, Store } from '../../store/index.ts'
import { openWorkspaceAt } from '../session/open-workspace.ts'
import { keyContext, type WorkspaceOptions } from '../session/workspace.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'

export interface NewStoreRequest {
  /** As typed; default: `environments` in the current folder. */
  readonly folder?: string
  readonly organization?: string
  readonly secretsProvider?: string
}

function storeFolder({ folder }: NewStoreRequest, { cwd, env, store }: WorkspaceOptions): string {
  return resolve(cwd, folder ?? store ?? env.ESC_STORE ?? 'environments')
}

/** Makes a new store and returns its folder. */
export function initStore(request: NewStoreRequest, options: WorkspaceOptions): { readonly folder: string } {
  const folder = storeFolder(request, options)
  const { organization, secretsProvider } = request
  const store = Store.init(
    folder,
    {
      organization,
      secretsProvider,
    },
    { keys: keyContext(options) },
  )
  return { folder: store.folder }
}

/**
 * As `initStore`, after the secrets provider was asked once, so that a key that does not
 * exist is noticed before there is a store. The provider is the user's own choice, so its
 * host is allowed from now on.
 */
export async function initChosenStore(
  request: NewStoreRequest,
  options: WorkspaceOptions,
): Promise<{ readonly folder: string }> {
  const { secretsProvider } = request
  if (secretsProvider !== undefined) {
    refuseStore(storeFolder(request, options))
    await tryProvider(secretsProvider, { ...keyContext(options), allowHost: async () => {} })
  }
  const made = initStore(request, options)
  if (secretsProvider !== undefined) {
    const workspace = openWorkspaceAt(made.folder, options, 'named')
    const remember = await allowTypedProvider(workspace, secretsProvider)
    remember()
  }
  return made
}
