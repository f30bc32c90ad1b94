/**
 * The powers of a store on this machine beyond opening its own values, as its user has
 * decided (`docs/trust.md`).
 */
export {
  decisionFile,
  listDecisions,
  readDecision,
  removeDecision,
  type TrustContext,
  type TrustDecision,
  writeDecision,
} from './decision.ts'
export { givenDigest, isDigest } from './given-digest.ts'
export { bindIdentity, isNewIdentity, readBinding, recordNewIdentity } from './identity-binding.ts'
export { differenceOf, digestOfPowers, type Power, type PowerKind, samePower, sortedPowers } from './power.ts'
