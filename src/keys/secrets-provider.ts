import { randomBytes, randomUUID } from 'node:crypto'
import type { KeyOwner } from './data-key.ts'
import { unknownKeyHost, untrustedKeyHost } from './key-hosts.ts'
import type { KeyContext, SecretsProvider } from './provider.ts'
import { checkedKind } from './registry.ts'

/**
 * The kind of a provider's URL or bare name: `awskms` of `awskms://alias/x`. Checks the whole URL,
 * without asking anybody, so that a bad one is refused before anything is written.
 * @throws EscError `invalid_input`.
 */
export function secretsProviderKind(url: string): string {
  return checkedKind(url).name
}

/**
 * The secrets provider that a URL such as `default` or `awskms://alias/x` names, for the
 * data key of one environment.
 */
export async function openSecretsProvider(url: string, context: KeyContext, owner: KeyOwner): Promise<SecretsProvider> {
  const { kind } = checkedKind(url)
  const host = kind.hosts && unknownKeyHost(url, context.env)
  if (host !== undefined) {
    if (context.allowHost === undefined) throw untrustedKeyHost(host)
    await context.allowHost(host)
  }
  return kind.open(url, context, owner)
}

/** True where a vendor's service keeps the key. @throws EscError `invalid_input`. */
export function isRemoteProvider(url: string): boolean {
  return checkedKind(url).kind.remote === true
}

/**
 * Has a vendor's service wrap a key that is then forgotten, so that a key that does not exist, or
 * may not be used, is noticed before anything depends on it. Does nothing for providers of this
 * machine. @throws EscError, such as `key_unavailable`.
 */
export async function tryProvider(url: string, context: KeyContext): Promise<void> {
  if (!isRemoteProvider(url)) return
  const words = { owner: 'the new store', dataKey: 'a data key', wrappedKey: 'a wrapped data key' }
  const provider = await openSecretsProvider(url, context, { id: randomUUID(), name: 'of the new store', words })
  await provider.wrapKey(randomBytes(32))
}

/** Encrypts a data key for other recipients, or under another key, without changing it. */
export interface Rewrapping {
  /** As it is now. */
  readonly wrapped: string
  /**
   * The URLs of the secrets provider that wrapped it, and of the one that is to. They may be equal.
   */
  readonly from: string
  readonly to: string
}

/**
 * Wraps the same data key again: for a changed list of age recipients, or the newest version of a
 * vendor's key. Ciphertexts and seals stay as they are, so whoever could open them before can do so
 * still, with a copy of what was wrapped before.
 */
export async function rewrapDataKey(rewrapping: Rewrapping, context: KeyContext, owner: KeyOwner): Promise<string> {
  const { wrapped, from, to } = rewrapping
  secretsProviderKind(to)
  const dataKey = await (await openSecretsProvider(from, context, owner)).unwrapKey(wrapped)
  return (await openSecretsProvider(to, context, owner)).wrapKey(dataKey, wrapped)
}
