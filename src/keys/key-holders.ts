import type { KeyOwner } from './data-key.ts'
import type { KeyContext } from './provider.ts'
import { type AgeRecipients, ageRecipients } from './providers/age.ts'
import { parseAgeUrl } from './providers/age-url.ts'
import { secretsProviderKind } from './secrets-provider.ts'

/**
 * Those who can unwrap the data key of an environment, as far as its secrets provider says so.
 * `recipients`: these, and nobody else. `key-file`, `passphrase`: whoever has it. `service`: whom a
 * vendor's key policy allows, which only the vendor knows.
 */
export type KeyHolders =
  | ({ readonly kind: 'recipients' } & AgeRecipients)
  | { readonly kind: 'key-file'; readonly keyId: string | undefined }
  | { readonly kind: 'passphrase' }
  | { readonly kind: 'service'; readonly key: string }

/**
 * Needs no key. `wrapped`: the data key as it is kept; undefined: there is none yet. @throws
 * EscError `invalid_input`.
 */
export function keyHolders(
  url: string,
  wrapped: string | undefined,
  { context, owner }: { readonly context: Pick<KeyContext, 'files'>; readonly owner: KeyOwner },
): KeyHolders {
  const kind = secretsProviderKind(url)
  if (kind === 'age') return { kind: 'recipients', ...ageRecipients(parseAgeUrl(url), context, owner) }
  if (kind === 'default') return { kind: 'key-file', keyId: /^v1:default:([^:]+):/.exec(wrapped ?? '')?.[1] }
  if (kind === 'passphrase') return { kind: 'passphrase' }
  return { kind: 'service', key: url }
}
