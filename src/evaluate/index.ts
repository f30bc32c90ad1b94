/**
 * The evaluator: checks, opens and rotates environments. A pure function but for
 * the `EvaluationHost` it is handed.
 */

export * from './evaluate-environment.ts'
export * from './evaluate-request.ts'
export type { Patch, RotationOutcome } from './evaluation.ts'
export { environmentToJson } from './export/environment-json.ts'
export type * from './export/exported.ts'
export * from './export/exported-forms.ts'
export * from './export/patches.ts'
export * from './export/position.ts'
export { secretTexts } from './export/secret-texts.ts'
export type * from './host.ts'
export { limiter } from './limiter.ts'
export { fromPlain, toPlain, violationsOf } from './schemas/plain.ts'
export { mapOf } from './values/convert.ts'
export { quoteBytes } from './values/quote-bytes.ts'
