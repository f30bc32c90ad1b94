import type { Session } from '../session/session.ts'
import { requirePowers } from '../trust/require-powers.ts'
import { type ServerSettings, serverSettings, vouchersOf } from './server-settings.ts'

/**
 * Reads `server` in `esc.yaml`, for a server that is about to start: what cannot work is better
 * known now than at the first sign-in.
 *
 * @throws EscError `invalid_input`; `untrusted` for issuers that this machine has not allowed.
 */
export async function checkServerSettings({ workspace }: Session): Promise<ServerSettings> {
  const settings = serverSettings(workspace.store)
  const powers = vouchersOf(settings).map((value) => ({ kind: 'identityIssuer', value }) as const)
  if (powers.length > 0) await requirePowers(workspace, powers)
  return settings
}
