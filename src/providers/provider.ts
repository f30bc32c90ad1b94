import type { HostPolicy } from '../http/index.ts'
import type { Plain, PlainObject } from '../plain.ts'
import type { Schema } from '../schema/index.ts'

export interface ProviderContext {
  readonly now: () => Date
  readonly signal: AbortSignal
  /**
   * A token that says which environment of which store is being opened, and by whom; a compact JWT
   * signed with the store's own key. A vendor that trusts the store's issuer exchanges it for
   * credentials. Absent where there is no store.
   *
   * @throws EscError `provider_failed` where the store has no issuer that a vendor could reach.
   */
  readonly identityToken?: (request: IdentityTokenRequest) => Promise<string>
  /**
   * Which hosts that a definition names may be called beyond the public internet. Absent: none.
   */
  readonly network?: () => Promise<HostPolicy>
  /** Variables of this process, such as `AWS_ENDPOINT_URL`. Absent: none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Waits between two attempts; may throw to stop. Default: until the signal aborts. */
  readonly sleep?: (ms: number) => Promise<void>
  /** Something the user should know although it opened. No secrets. */
  readonly warn?: (text: string) => void
}

export interface IdentityTokenRequest {
  /** Name of the provider that asks, for messages. */
  readonly provider: string
  /** Before the organization in the claim `aud`: `aws`. `undefined`: the organization alone. */
  readonly audience: string | undefined
  /**
   * What the subject is made of, beside the organization. Default: the environment that is opened.
   */
  readonly subjectAttributes?: readonly string[] | undefined
  /** Further claims, which the vendor asks for. */
  readonly claims?: Readonly<Record<string, string>>
}

/**
 * Opens dynamic credentials or reads another secret store. Inputs are as for rotators:
 * `secret: true` arrives as a `Secret`.
 */
export interface Provider<Inputs = PlainObject> {
  readonly name: string
  readonly description: string
  readonly inputs: Schema
  readonly outputs: Schema
  /**
   * True: calls with the same inputs come to the same, so that one evaluation makes one of them.
   * Default: each is made.
   */
  readonly shareable?: boolean
  open(inputs: Inputs, context: ProviderContext): Promise<Plain>
}
