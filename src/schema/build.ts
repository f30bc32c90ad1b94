import { compareKeys, type Json } from '../json.ts'
import type { Schema, SchemaObject } from './schema.ts'

export const nullSchema: SchemaObject = { type: 'null' }
export const booleanSchema: SchemaObject = { type: 'boolean' }
export const numberSchema: SchemaObject = { type: 'number' }
export const stringSchema: SchemaObject = { type: 'string' }

/** A boolean, number or string that can only be this one. */
export function constant(type: 'boolean' | 'number' | 'string', value: Json): SchemaObject {
  return { type, const: value }
}

export function arrayOf(items: Schema): SchemaObject {
  return { type: 'array', items }
}

/** An array of exactly these elements. */
export function tuple(prefixItems: readonly Schema[]): SchemaObject {
  return prefixItems.length === 0 ? { items: false, type: 'array' } : { prefixItems, items: false, type: 'array' }
}

/** An object that has all of these properties; more may be there. */
export function record(properties: Readonly<Record<string, Schema>>): SchemaObject {
  const required = Object.keys(properties).sort(compareKeys)
  return required.length === 0 ? { type: 'object' } : { properties, type: 'object', required }
}

/** Like `record`, from entries in key order. */
export function recordOf(entries: Iterable<readonly [string, Schema]>): SchemaObject {
  const properties: Record<string, Schema> = Object.create(null)
  const required: string[] = []
  for (const [key, schema] of entries) {
    properties[key] = schema
    required.push(key)
  }
  return required.length === 0 ? { type: 'object' } : { properties, type: 'object', required }
}
