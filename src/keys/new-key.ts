import { DataKey, type KeyOwner } from './data-key.ts'
import type { KeyContext } from './provider.ts'
import { openSecretsProvider } from './secrets-provider.ts'

/** A data key that its secrets provider has wrapped and given back. */
export interface NewKey {
  readonly key: DataKey
  readonly wrapped: string
}

/**
 * Makes a data key for an environment. It is what the secrets provider unwraps, because a key
 * that cannot be unwrapped must seal nothing. Writes nothing. @throws what the provider throws,
 * such as `key_unavailable`.
 */
export async function makeDataKey(secretsProvider: string, context: KeyContext, owner: KeyOwner): Promise<NewKey> {
  const generated = DataKey.generate(owner)
  const provider = await openSecretsProvider(secretsProvider, context, owner)
  const wrapped = await provider.wrapKey(generated.revealBytes())
  const reopened = await openSecretsProvider(secretsProvider, context, owner)
  return { key: new DataKey(await reopened.unwrapKey(wrapped), owner), wrapped }
}
