import type { Power } from '../../trust/index.ts'

/** What a person needs to know to decide about a store. */
export interface TrustReview {
  /** Absolute path of the store's folder, links resolved. */
  readonly store: string
  /** Stands for exactly `powers`. */
  readonly digest: string
  /** Everything the store asks for. */
  readonly powers: readonly Power[]
  /** What of it was not accepted before, and what was accepted and is no longer asked for. */
  readonly added: readonly Power[]
  readonly removed: readonly Power[]
  /** What of it is not allowed now. `ESC_TRUST` counts. */
  readonly missing: readonly Power[]
  /** When something was last accepted, ISO 8601. Undefined: never. */
  readonly accepted: string | undefined
  /** Sentences about what cannot be allowed. */
  readonly problems: readonly string[]
}
