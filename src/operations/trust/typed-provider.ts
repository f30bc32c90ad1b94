import { unknownKeyHost } from '../../keys/index.ts'
import type { Workspace } from '../session/workspace.ts'

/**
 * Remembers on this machine what was allowed. To be called once the command has succeeded: a host
 * that was mistyped stays unknown.
 */
export type RememberTyped = () => Promise<void>

/**
 * Takes a secrets provider's URL that the user has typed for allowed in this process, host and all.
 * Most URLs name no host, or a well-known one; then nothing is done.
 */
export async function allowTypedProvider(workspace: Workspace, url: string | undefined): Promise<RememberTyped> {
  const host = url === undefined ? undefined : unknownKeyHost(url, workspace.host.env)
  if (host === undefined) return async () => {}
  const power = { kind: 'keyHost', value: host.origin } as const
  const { allowTyped } = await import('./powers.ts')
  const { acceptAlso } = await import('./require-powers.ts')
  allowTyped(workspace, power)
  return () => acceptAlso(workspace, power)
}
