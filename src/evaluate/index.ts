/**
 * The evaluator: checks, opens and rotates environments. A pure function but for
 * the `World` it is handed.
 */
export { mapOf } from './convert.ts'
export { environmentToJson } from './environment-json.ts'
export * from './evaluate-environment.ts'
export type { RotationOutcome } from './evaluation.ts'
export type * from './exported.ts'
export * from './exported-forms.ts'
export { limiter } from './limiter.ts'
export * from './patches.ts'
export { fromPlain, toPlain, violationsOf } from './plain.ts'
export * from './position.ts'
export { quoteBytes } from './quote-bytes.ts'
export { secretTexts } from './secret-texts.ts'
export type * from './world.ts'
