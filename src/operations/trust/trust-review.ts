import type { Power } from '../../trust/index.ts'

/** Everything that a person needs to know to decide about a store. */
export interface TrustReview {
  /** Absolute path of the store's folder, links resolved. */
  readonly store: string
  /** Stands for exactly `powers`. */
  readonly digest: string
  /** Everything the store asks for. */
  readonly powers: readonly Power[]
  /** The powers that were not accepted before, and what was accepted and is no longer asked for. */
  readonly added: readonly Power[]
  readonly removed: readonly Power[]
  /** The powers that are not allowed now. `ESC_TRUST` counts. */
  readonly missing: readonly Power[]
  /** The time when something was last accepted, ISO 8601. Undefined: never. */
  readonly accepted: string | undefined
  /** Sentences about what cannot be allowed. */
  readonly problems: readonly string[]
}
