import { EscError } from '../errors.ts'
import type { FileSystem } from '../files/index.ts'
import type { KeyOwner } from './data-key.ts'

/**
 * Keeps the key-encryption key that wraps the data keys of environments. One `wrapKey` an environment's life and key
 * change, one `unwrapKey` a process and environment; both may ask a person or the network.
 */
export interface SecretsProvider {
  /** A text for `settings.yaml`: one line, no secret, enough for `unwrapKey` to name the key it needs. */
  wrapKey(dataKey: Uint8Array): Promise<string>
  /** Throws `key_unavailable` when the key is absent or wrong, naming it and the remedy. */
  unwrapKey(wrapped: string): Promise<Uint8Array>
}

/** Everything a secrets provider needs from outside. */
export interface KeyContext {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user's configuration folder for esc (`configFolder`). */
  readonly configFolder: string
  /** Asks a person for a secret without showing it. Absent: nobody is there. `confirm`: ask twice. */
  readonly prompt?: (question: string, options?: { readonly confirm?: boolean }) => Promise<string>
  /** Something the user must know, such as where a new key file is. No secrets. */
  readonly notify: (text: string) => void
  /** Default: the machine's own files. */
  readonly files?: FileSystem
}

interface Kind {
  open(url: string, context: KeyContext, owner: KeyOwner): Promise<SecretsProvider>
}

/** Each kind loads its own file, and that file its own SDK, only when it is used. */
const kinds: Record<string, () => Promise<Kind>> = {
  default: async () => ({
    open: async (_url, context, owner) => (await import('./providers/default.ts')).defaultProvider(context, owner),
  }),
  passphrase: async () => ({
    open: async (_url, context, owner) =>
      (await import('./providers/passphrase.ts')).passphraseProvider(context, owner),
  }),
}

/** The kind a provider's URL or bare name begins with: `awskms` of `awskms://alias/x`. Throws for kinds we do not know. */
export function secretsProviderKind(url: string): string {
  const kind = /^([^:]*)/.exec(url)![1]!
  const bare = kind === 'default' || kind === 'passphrase'
  if (!Object.hasOwn(kinds, kind) || (bare && url !== kind && url !== `${kind}://`)) {
    throw new EscError(
      'invalid_input',
      `unknown secrets provider type '${bare ? url : kind}' (supported values: ${Object.keys(kinds).join(', ')})`,
    )
  }
  return kind
}

/** The secrets provider that a URL such as `default` or `passphrase` names, for the data key of one environment. */
export async function openSecretsProvider(url: string, context: KeyContext, owner: KeyOwner): Promise<SecretsProvider> {
  const kind = await kinds[secretsProviderKind(url)]!()
  return kind.open(url, context, owner)
}
