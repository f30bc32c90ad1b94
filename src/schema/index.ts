/** The JSON-schema-like types of values. */
export * from './build.ts'
export {
  anyRotateOnly,
  compileSchema,
  isRotateOnly,
  markUnion,
  mentionsRotateOnly,
  numberText,
  patternOf,
  refTarget,
  SchemaError,
} from './compile.ts'
export { compareDecimals, type Decimal, isMultiple, parseDecimal } from './decimal.ts'
export { itemSchema, mergedSchema, propertySchema } from './narrow.ts'
export { Pattern, PatternError } from './pattern.ts'
export type { Schema, SchemaObject } from './schema.ts'
export { schemaFromJson, schemaToJson } from './schema-json.ts'
export { schemaOfSchemas } from './schema-of-schemas.ts'
