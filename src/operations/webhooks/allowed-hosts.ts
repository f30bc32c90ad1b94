import { type AllowedHosts, allowedHosts, isAllowed } from '../../webhooks/index.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * Returns, of the private hosts that `esc.yaml` names, those that were allowed on this machine.
 * Asks nobody.
 */
export async function trustedHosts(workspace: Workspace): Promise<AllowedHosts> {
  const listed = allowedHosts(workspace.store)
  if (listed.length === 0) return []
  const { allowedPowers } = await import('../trust/powers.ts')
  const powers = await allowedPowers(workspace)
  return listed.filter((host) => powers.some(({ kind, value }) => kind === 'webhookHost' && value === host))
}

/**
 * The same, after a person has been asked about the host of a URL that they have just typed,
 * where `esc.yaml` names it.
 */
export async function allowedFor(workspace: Workspace, typed: string): Promise<AllowedHosts> {
  const url = URL.canParse(typed) ? new URL(typed) : undefined
  const host = url && allowedHosts(workspace.store).find((each) => isAllowed(url, [each]))
  if (host !== undefined) {
    const { requirePowers } = await import('../trust/require-powers.ts')
    await requirePowers(workspace, [{ kind: 'webhookHost', value: host }])
  }
  return trustedHosts(workspace)
}
