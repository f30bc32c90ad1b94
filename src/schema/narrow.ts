import { allocate, spend } from '../budget.ts'
import { compareKeys } from '../json.ts'
import { recordOf } from './build.ts'
import { markUnion } from './compile.ts'
import type { Schema, SchemaObject } from './schema.ts'

/**
 * The schema of an object's property. `any` says nothing about its properties,
 * so the answer is `false`.
 */
export function propertySchema(schema: Schema | undefined, key: string): Schema {
  return combine(propertySchemas(schema, key))
}

/** The schema of an array's element. */
export function itemSchema(schema: Schema | undefined, index: number): Schema {
  return combine(itemSchemas(schema, index))
}

function propertySchemas(schema: Schema | undefined, key: string): Schema[] {
  if (typeof schema !== 'object') return []
  spend(2)
  const found = unions(schema).map((member) => propertySchema(member, key))
  if (schema.type === 'object') {
    const own =
      schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : schema.additionalProperties
    if (own !== undefined) found.push(own)
  }
  return found
}

function itemSchemas(schema: Schema | undefined, index: number): Schema[] {
  if (typeof schema !== 'object') return []
  spend(2)
  const found = unions(schema).map((member) => itemSchema(member, index))
  if (schema.type === 'array') {
    const own = schema.prefixItems?.[index] ?? schema.items
    if (own !== undefined) found.push(own)
  }
  return found
}

function unions(schema: SchemaObject): readonly Schema[] {
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
}

function combine(found: readonly Schema[]): Schema {
  const schemas = found.filter((schema) => schema !== false)
  const [first = false] = schemas
  return schemas.length <= 1 ? first : markUnion({ oneOf: schemas }, schemas)
}

/**
 * The schema of an object that overrides parts of another one. Anything but two
 * objects: that of the upper one.
 */
export function mergedSchema(base: Schema | undefined, top: Schema): Schema {
  if (typeof base !== 'object' || typeof top !== 'object' || base.type !== 'object' || top.type !== 'object') return top
  const [below, above] = [base.properties ?? {}, top.properties ?? {}]
  const size = Object.keys(below).length + Object.keys(above).length
  spend(8 * size)
  allocate(64 * size)
  const keys = mergeKeys(Object.keys(below), Object.keys(above))
  const merged = recordOf(
    keys.map((key) => {
      const upper = Object.hasOwn(above, key) ? above[key] : undefined
      const lower = Object.hasOwn(below, key) ? below[key] : undefined
      return [key, upper === undefined ? (lower ?? true) : mergedSchema(lower, upper)] as const
    }),
  )
  const [lower, upper] = [base.additionalProperties, top.additionalProperties]
  const additional = lower !== undefined && upper !== undefined ? true : (upper ?? lower)
  return additional === undefined ? merged : { ...merged, additionalProperties: additional }
}

function mergeKeys(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort(compareKeys)
}
