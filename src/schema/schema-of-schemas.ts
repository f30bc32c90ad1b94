import { arrayOf, booleanSchema, numberSchema, stringSchema } from './build.ts'
import { compileSchema } from './compile.ts'
import type { Schema, SchemaObject } from './schema.ts'

const ref: SchemaObject = { $ref: '#/$defs/schema' }
const mapOfSchemas: SchemaObject = { additionalProperties: ref, type: 'object' }
const anything: SchemaObject = {}
const strings = arrayOf(stringSchema)
const anyArray: SchemaObject = { type: 'array' }

const properties: Record<string, Schema> = {
  $defs: mapOfSchemas,
  $ref: stringSchema,
  anyOf: arrayOf(ref),
  oneOf: arrayOf(ref),
  prefixItems: arrayOf(ref),
  items: ref,
  additionalProperties: ref,
  properties: mapOfSchemas,
  type: { type: 'string', enum: ['string', 'number', 'boolean', 'array', 'object', 'null'] },
  const: anything,
  enum: anyArray,
  multipleOf: numberSchema,
  maximum: numberSchema,
  exclusiveMaximum: numberSchema,
  minimum: numberSchema,
  exclusiveMinimum: numberSchema,
  maxLength: numberSchema,
  minLength: numberSchema,
  pattern: stringSchema,
  maxItems: numberSchema,
  minItems: numberSchema,
  uniqueItems: booleanSchema,
  maxProperties: numberSchema,
  minProperties: numberSchema,
  required: strings,
  dependentRequired: { additionalProperties: strings, type: 'object' },
  title: stringSchema,
  description: stringSchema,
  default: anything,
  deprecated: booleanSchema,
  examples: anyArray,
}

let compiled: Schema | undefined

/** Returns the schema that `fn::validate` checks its schema against (compiled). */
export function schemaOfSchemas(): Schema {
  compiled ??= compileSchema({
    $defs: { schema: { anyOf: [booleanSchema, { properties, type: 'object' }] } },
    $ref: '#/$defs/schema',
  })
  return compiled
}
