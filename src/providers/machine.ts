import { EscError } from '../errors.ts'
import type { MachineAccess, ProviderContext } from './provider.ts'

/**
 * Returns the access to this machine. @throws EscError `provider_failed` where there is no store.
 */
export async function machineOf(context: ProviderContext, provider: string): Promise<MachineAccess> {
  if (context.machine !== undefined) return context.machine()
  throw new EscError('provider_failed', `${provider}: nothing of this machine can be read without a store`)
}
