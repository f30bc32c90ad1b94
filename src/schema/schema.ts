import type { Json } from '../json.ts'

/** The types a schema can name. There is no `integer` and no list of types. */
export type SchemaType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

/**
 * The JSON form of the type of a value: `true` accepts anything, `false` nothing. A subset of JSON
 * Schema 2020-12 with two keywords of our own: `secret` (documents that a value is one) and
 * `rotateOnly` (property names that only a rotation resolves). Numbers may be plain doubles where a
 * provider declares them, or `JsonNumber` where their text counts.
 */
export type Schema = boolean | SchemaObject

export interface SchemaObject {
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly $ref?: string
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly prefixItems?: readonly Schema[]
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly type?: SchemaType
  readonly const?: Json
  readonly enum?: readonly Json[]
  readonly multipleOf?: Json
  readonly maximum?: Json
  readonly exclusiveMaximum?: Json
  readonly minimum?: Json
  readonly exclusiveMinimum?: Json
  readonly maxLength?: Json
  readonly minLength?: Json
  readonly pattern?: string
  readonly maxItems?: Json
  readonly minItems?: Json
  readonly uniqueItems?: boolean
  readonly maxProperties?: Json
  readonly minProperties?: Json
  readonly required?: readonly string[]
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
  readonly title?: string
  readonly description?: string
  readonly default?: Json
  readonly deprecated?: boolean
  readonly examples?: readonly Json[]
  readonly secret?: boolean
  readonly rotateOnly?: readonly string[]
}
