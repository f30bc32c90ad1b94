import type { OidcKeyUse } from '../../keys/index.ts'
import { stateFolder } from '../../machine/index.ts'
import { bindIdentity, isNewIdentity, readBinding, recordNewIdentity } from '../../trust/index.ts'
import type { SessionHost } from '../session/session-parts.ts'
import type { Workspace } from '../session/workspace.ts'
import { trustContext } from './powers.ts'
import { requirePowers } from './require-powers.ts'

/**
 * Returns when the store may sign with the identity key. The first store that uses a key on this
 * machine gets it: a key that was made here, or one of `ESC_OIDC_KEY`, which the user has set for
 * this run. Any other store asks, and so does one that now names another organization, since that
 * is whom its tokens speak for. A key file of unknown origin asks as well.
 *
 * @throws EscError `untrusted`.
 */
export async function requireIdentity(workspace: Workspace, { thumbprint, from }: OidcKeyUse): Promise<void> {
  const place = { stateFolder: stateFolder(workspace.host.env), thumbprint }
  const mine = { store: trustContext(workspace).store, organization: workspace.store.organization }
  let binding = readBinding(place)
  if (binding === undefined && (from === 'variable' || isNewIdentity(place))) binding = bindIdentity(place, mine)
  if (binding?.store === mine.store && binding.organization === mine.organization) return
  await requirePowers(workspace, [{ kind: 'identity', value: mine.organization }])
}

/** Remembers a key that has just been made. */
export function identityMade({ env }: Pick<SessionHost, 'env'>, thumbprint: string): void {
  recordNewIdentity({ stateFolder: stateFolder(env), thumbprint })
}

/** Gives a key that takes the place of another one to the store that has that. */
export function identityPassedOn(
  { env }: Pick<SessionHost, 'env'>,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  const folder = stateFolder(env)
  const binding = readBinding({ stateFolder: folder, thumbprint: from })
  if (binding !== undefined && from !== to) bindIdentity({ stateFolder: folder, thumbprint: to }, binding)
}
