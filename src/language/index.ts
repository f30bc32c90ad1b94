/**
 * The environment language: from nodes to declarations and expressions, with every mistake of form.
 */
export { Base64Error, decodeBase64, encodeBase64 } from './base64.ts'
export {
  argumentSchema,
  type BuiltinName,
  type BuiltinOf,
  builtin,
  builtinNames,
  builtinOfKey,
} from './builtins.ts'
export * from './calls.ts'
export { decryptDefinition, encryptDefinition, reencryptDefinition } from './encrypt.ts'
export { decodeEnvelope, encodeEnvelope } from './envelope.ts'
export * from './environment.ts'
export * from './expression.ts'
export { type ParsedEnvironment, parseEnvironment } from './parse-environment.ts'
export { findPlaintextSecrets } from './plaintext-secrets.ts'
export {
  type Accessor,
  escapeReferences,
  formatAccess,
  type PropertyAccess,
  pieceRange,
  scanInterpolation,
  scanReference,
} from './property-access.ts'
export { distance, Suggester, sortByDistance, suggest } from './similar-names.ts'
