import type { EnvironmentContext } from '../environment-context.ts'
import type { Settings } from '../settings/settings.ts'
import { namesOfHolders } from './environment-key.ts'
import { describeDifference } from './key-changes.ts'

/**
 * Returns the changes in who can open an environment from the newest key that this machine knows,
 * one line each. `undefined` when it knows none that was used here.
 */
export async function keyDifferences(
  context: EnvironmentContext,
  settings: Settings,
): Promise<readonly string[] | undefined> {
  const known = context.memory.newestKey(settings.id)
  const { id, wrappedDataKey } = settings
  if (known === undefined || wrappedDataKey === undefined) return undefined
  const secretsProvider = settings.secretsProvider ?? context.defaultSecretsProvider()
  const holders = await namesOfHolders(context, { id, secretsProvider, wrapped: wrappedDataKey })
  return describeDifference(known, { secretsProvider, holders })
}
