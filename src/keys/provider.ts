import type { FileSystem } from '../files/index.ts'
import type { Notice } from '../notice.ts'
import type { KeyOwner } from './data-key.ts'
import type { KeyNetwork } from './network.ts'

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
  /** Encrypts for such a program, so that `decryptForeign` of the same URL gives it back. */
  encryptForeign?(plaintext: Uint8Array): Promise<Uint8Array>
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
  readonly notify: (notice: Notice) => void
  /**
   * Asked before credentials go to a host that a provider's URL names and that is no well-known one
   * (`unknownKeyHost`). Throws to refuse. Absent: every such host is refused.
   */
  readonly allowHost?: (host: KeyHost) => Promise<void>
  /** Default: the machine's own files. */
  readonly files?: FileSystem
  /** Default: the machine's own network, 10 seconds an attempt. */
  readonly network?: Partial<KeyNetwork>
}

/**
 * A host that the URL of a secrets provider names, where the user's
 * credentials and data keys would go.
 */
export interface KeyHost {
  /** `https://host`, with the port where it is not 443; lower case. */
  readonly origin: string
  /** Kind of the provider, such as `awskms`. */
  readonly kind: string
}

/** A kind of secrets provider: what is known of it before the code that uses a key is loaded. */
export interface ProviderKind {
  /** A vendor's service keeps the key, so it can be missing there. */
  readonly remote?: true
  /** Absent when its URLs cannot name the host that gets the user's credentials. */
  readonly hosts?: KeyHostRules
  /**
   * Throws `invalid_input` for a URL that cannot be used. Loads nothing. Absent: the name of the
   * kind is the whole URL.
   */
  check?(url: string): void
  /** Called with a URL that `check` has accepted, once the host in it may be asked. */
  open(url: string, context: KeyContext, owner: KeyOwner): Promise<SecretsProvider>
}

/** The hosts that the URLs of a kind may name without anybody being asked. */
export interface KeyHostRules {
  /** The `https` or `http` URL of the server that a URL names. `undefined` when it names none. */
  serverOf(url: string): string | undefined
  /** Patterns of whole host names that only the vendor can run. */
  readonly wellKnown: readonly string[]
  /** Variables in which the user names a server of this kind. */
  readonly variables: readonly string[]
  /** The kind of a host that is neither, after "the host …,". */
  readonly unknown: string
}
