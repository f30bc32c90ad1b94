import { resolve } from 'node:path'
import { tryProvider } from '../../keys/index.ts'
import { refuseStore, Store } from '../../store/index.ts'
import { openWorkspaceAt } from '../session/open-workspace.ts'
import type { SessionRequest } from '../session/session-parts.ts'
import { keyContext } from '../session/workspace.ts'
import { allowTypedProvider } from '../trust/typed-provider.ts'

export interface NewStoreRequest {
  /** As typed; default: `environments` in the current folder. */
  readonly folder?: string
  readonly organization?: string
  readonly secretsProvider?: string
}

function storeFolder({ folder }: NewStoreRequest, { store, host: { cwd, env } }: SessionRequest): string {
  return resolve(cwd, folder ?? store ?? env.ESC_STORE ?? 'environments')
}

/** Makes a new store and returns its folder. */
export function initStore(request: NewStoreRequest, session: SessionRequest): { readonly folder: string } {
  const folder = storeFolder(request, session)
  const { organization, secretsProvider } = request
  const store = Store.init(
    folder,
    {
      organization,
      secretsProvider,
    },
    { keys: keyContext(session.host) },
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
  session: SessionRequest,
): Promise<{ readonly folder: string }> {
  const { secretsProvider } = request
  if (secretsProvider !== undefined) {
    refuseStore(storeFolder(request, session))
    await tryProvider(secretsProvider, { ...keyContext(session.host), allowHost: async () => {} })
  }
  const made = initStore(request, session)
  if (secretsProvider !== undefined) {
    const workspace = openWorkspaceAt(made.folder, session, 'named')
    const remember = await allowTypedProvider(workspace, secretsProvider)
    await remember()
  }
  return made
}
