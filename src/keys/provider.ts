import type { FileSystem } from '../files/index.ts'
import type { KeyHost } from './key-hosts.ts'
import type { Network } from './network.ts'

/**
 * Keeps the key-encryption key that wraps the data keys of environments. One `wrapKey` an
 * environment's life and key change, one `unwrapKey` a process and environment; both may ask
 * a person or the network.
 */
export interface SecretsProvider {
  /**
   * A text for `settings.yaml`: one line, no secret, enough for `unwrapKey` to name the key it
   * needs. `before`: how this provider had wrapped the same data key; one that has several keys of
   * a user takes the same again.
   */
  wrapKey(dataKey: Uint8Array, before?: string): Promise<string>
  /** Throws `key_unavailable` when the key is absent or wrong, naming it and the remedy. */
  unwrapKey(wrapped: string): Promise<Uint8Array>
  /**
   * Decrypts what another program has encrypted with the key by Go Cloud's `secrets` package, as
   * Pulumi does: bound to no environment. Undefined: the key is no vendor's.
   * https://gocloud.dev/howto/secrets/
   */
  decryptForeign?(ciphertext: Uint8Array): Promise<Uint8Array>
}

/** Everything a secrets provider needs from outside. */
export interface KeyContext {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user's configuration folder for esc (`configFolder`). */
  readonly configFolder: string
  /**
   * Asks a person for a secret without showing it. Absent: nobody is there. `confirm`: ask twice.
   */
  readonly prompt?: (question: string, options?: { readonly confirm?: boolean }) => Promise<string>
  /** Something the user must know, such as where a new key file is. No secrets. */
  readonly notify: (text: string) => void
  /**
   * Asked before credentials go to a host that a provider's URL names and that is no well-known one
   * (`unknownKeyHost`). Throws to refuse. Absent: every such host is refused.
   */
  readonly allowHost?: (host: KeyHost) => Promise<void>
  /** Default: the machine's own files. */
  readonly files?: FileSystem
  /** Default: the machine's own network, 10 seconds an attempt. */
  readonly network?: Partial<Network>
}
