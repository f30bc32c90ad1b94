/**
 * Knows what gives a secret away in a text, and how it is hidden there. Knows no terminal,
 * no store and no rotator.
 */
export { LEAST_SECRET_BYTES, secretForms } from './secret-forms.ts'
export { SecretMask } from './secret-mask.ts'
export { plainSecretTexts } from './secret-texts.ts'
export { hasFormOfSecret, isPlaceholder, secretTokens } from './secret-tokens.ts'
