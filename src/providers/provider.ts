import type { Variables } from '../child-environment.ts'
import type { HostPolicy } from '../host-policy.ts'
import type { Plain, PlainObject } from '../plain.ts'
import type { Schema } from '../schema/index.ts'

export type { Variables } from '../child-environment.ts'

export interface ProviderContext {
  readonly now: () => Date
  readonly signal: AbortSignal
  /** Variables of this process, such as `AWS_ENDPOINT_URL`. Absent: none. */
  readonly env?: Variables
  /**
   * A token that a vendor exchanges for credentials; a compact JWT. It is the one that the user or
   * the system we run in has given, or says which environment of which store is being opened, and
   * by whom, signed with the store's own key. Absent where there is no store.
   *
   * @throws EscError `provider_failed` where there is none of these.
   */
  readonly identityToken?: (request: IdentityTokenRequest) => Promise<string>
  /**
   * The rule on which hosts that a definition names may be called beyond the public internet.
   * Absent: none.
   */
  readonly network?: () => Promise<HostPolicy>
  /** The access to this machine, as far as that was allowed. Absent: nothing. */
  readonly machine?: () => Promise<MachineAccess>
  /** Waits between two attempts; may throw to stop. Default: until the signal aborts. */
  readonly sleep?: (ms: number) => Promise<void>
  /**
   * Says how long what it gives counts, so that it may be kept meanwhile; `always`: it is made of
   * the inputs alone. What says nothing is opened anew each time.
   */
  readonly lasts?: (until: Date | 'always') => void
  /** The seconds that the user wants credentials to live. Default: as the inputs say. */
  readonly lifetimeSeconds?: number
  /** Something the user should know although it opened. No secrets. */
  readonly warn?: (text: string) => void
}

/**
 * The things that a definition may read from the machine that opens it. Each is asked about once.
 * @throws EscError `untrusted` for what was not allowed; `invalid_input`.
 */
export interface MachineAccess {
  /** `undefined` when it is not set. */
  variable(name: string): Promise<string | undefined>
  /** A path that is not absolute is taken from the folder of the store on. */
  file(path: string): Promise<Uint8Array>
  /** The values of a file of SOPS, decrypted with the user's age identities. */
  sops(path: string): Promise<PlainObject>
  /** Returns what a program prints, without the line break at its end. */
  command(
    words: readonly string[],
    options: { readonly input?: string | undefined; readonly timeoutMs: number },
  ): Promise<string>
  /**
   * Returns what a reference to 1Password stands for, by its program. `doing` begins messages.
   */
  onePassword(ref: string, options: { readonly token: string; readonly doing: string }): Promise<string>
  /**
   * Returns the user's login to clusters of Kubernetes: that of a kubeconfig, by its path, or of
   * the pod that we run in (`in-cluster`).
   */
  cluster(source: string): Promise<ClusterAccess>
  /** Returns when outputs of a Pulumi stack may be read with the user's login. */
  allowStack(stack: string): Promise<void>
  /**
   * Returns a token of the user's own for reading objects of a cloud, once a stack was allowed:
   * that of Google's or Azure's usual variables, files and machines. `doing` begins messages.
   */
  storageToken(
    store: { readonly kind: 'google' } | { readonly kind: 'azure'; readonly host: string },
    doing: string,
  ): Promise<string>
  /** Returns what decrypts the secret outputs of a stack. */
  pulumiSecrets(
    stack: string,
    manager: { readonly type: string; readonly state: Readonly<Record<string, unknown>> },
  ): Promise<{ decrypt(ciphertext: string): string }>
}

/** The parts of a login to clusters of Kubernetes, once it was allowed. */
export interface ClusterAccess {
  /** The text of the kubeconfig; empty for the login of a pod. */
  readonly kubeconfig: string
  /**
   * A file that the login names. One that is not absolute is taken from the kubeconfig's folder on.
   */
  read(path: string): string
  /**
   * Returns what a program that the kubeconfig names prints, with these variables beside the
   * user's. `doing` begins messages.
   */
  run(words: readonly string[], options: { readonly env: Variables; readonly doing: string }): Promise<string>
}

export interface IdentityTokenRequest {
  /** Name of the provider that asks, for messages. */
  readonly provider: string
  /**
   * Before the organization in the claim `aud`: `aws`. `undefined`: the organization alone. With
   * `version`: all of the claim.
   */
  readonly audience: string | undefined
  /**
   * The whole claim `aud` instead: the address of a service of the user's own, which is given the
   * keys by hand, so that the issuer need not be reachable.
   */
  readonly service?: string
  /**
   * The parts of the subject, beside the organization. Default: the environment that is opened.
   */
  readonly subjectAttributes?: readonly string[] | undefined
  /** Further claims, which the vendor asks for. */
  readonly claims?: Readonly<Record<string, string>>
  /** Claims of this version, which only the store's own issuer makes. Default: those of logins. */
  readonly version?: 'v2'
  /** The time for which it counts. Default: an hour. */
  readonly seconds?: number
}

/**
 * Opens dynamic credentials or reads another secret store. Inputs are as for rotators:
 * `secret: true` arrives as a `Secret`.
 */
export interface Provider<Inputs = PlainObject> {
  readonly name: string
  readonly description: string
  /** A definition in which it is used. Absent: it is a plugin's. */
  readonly example?: string
  readonly inputs: Schema
  readonly outputs: Schema
  /**
   * True when calls with the same inputs come to the same, so that one evaluation makes one of
   * them. Default: each is made.
   */
  readonly shareable?: boolean
  open(inputs: Inputs, context: ProviderContext): Promise<Plain>
}
