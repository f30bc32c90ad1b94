import { type ExportedMap, secretTexts } from '../../evaluate/index.ts'
import { SecretMask } from '../../masking/index.ts'

/** An error of a provider or rotator without the secrets among its inputs, its causes included. */
export function maskedError(error: unknown, given: readonly (ExportedMap | undefined)[]): unknown {
  return new SecretMask(secretTexts(...given)).error(error)
}
