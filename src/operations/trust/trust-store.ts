import type { Power } from '../../trust/index.ts'
import { storeOperation } from '../session/operation.ts'
import { rememberTrust, trustReviewOf } from './require-powers.ts'
import type { TrustReview } from './trust-review.ts'

/** The powers that a store asks for on this machine: which are new, gone or not allowed. */
export const reviewTrust = storeOperation({
  name: 'review-trust',
  level: undefined,
  audit: 'environment-read',
  run: async (work): Promise<TrustReview> => trustReviewOf(work),
})

/** Remembers on this machine that the store may do this much and no more. */
export const acceptTrust = storeOperation({
  name: 'accept-trust',
  level: undefined,
  audit: 'store-trusted',
  run: async (work, { powers }: { readonly powers: readonly Power[] }): Promise<void> => rememberTrust(work, powers),
})
