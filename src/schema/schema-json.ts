import { allocate, spend } from '../budget.ts'
import { isJsonObject, type Json, JsonNumber, type JsonObject } from '../json.ts'
import { anyRotateOnly, SchemaError } from './compile.ts'
import type { Schema, SchemaObject } from './schema.ts'

type Member = readonly [name: keyof SchemaObject, kind: Kind]
type Kind =
  | 'schema'
  | 'schema list'
  | 'schema map'
  | 'json'
  | 'json list'
  | 'number'
  | 'string'
  | 'string list'
  | 'string lists'
  | 'bool'

/** Every member a schema can have, in the order it is written. */
const members: readonly Member[] = [
  ['$defs', 'schema map'],
  ['$ref', 'string'],
  ['anyOf', 'schema list'],
  ['oneOf', 'schema list'],
  ['prefixItems', 'schema list'],
  ['items', 'schema'],
  ['additionalProperties', 'schema'],
  ['properties', 'schema map'],
  ['type', 'string'],
  ['const', 'json'],
  ['enum', 'json list'],
  ['multipleOf', 'number'],
  ['maximum', 'number'],
  ['exclusiveMaximum', 'number'],
  ['minimum', 'number'],
  ['exclusiveMinimum', 'number'],
  ['maxLength', 'number'],
  ['minLength', 'number'],
  ['pattern', 'string'],
  ['maxItems', 'number'],
  ['minItems', 'number'],
  ['uniqueItems', 'bool'],
  ['maxProperties', 'number'],
  ['minProperties', 'number'],
  ['required', 'string list'],
  ['dependentRequired', 'string lists'],
  ['title', 'string'],
  ['description', 'string'],
  ['default', 'json'],
  ['deprecated', 'bool'],
  ['examples', 'json list'],
  ['secret', 'bool'],
  ['rotateOnly', 'string list'],
]

/** The schema as JSON: empty members are left out, except `type`, which is always there. */
export function schemaToJson(schema: Schema): Json {
  if (typeof schema === 'boolean') return schema
  if (schema === anyRotateOnly) return true
  const json: Record<string, Json> = Object.create(null)
  for (const [name, kind] of members) {
    const value = schema[name] as unknown
    if (name === 'type') json.type = schema.type ?? ''
    else if (value === undefined || value === null || (kind !== 'json' && isEmpty(value))) continue
    else if (kind === 'schema') json[name] = schemaToJson(value as Schema)
    else if (kind === 'schema list') json[name] = (value as readonly Schema[]).map(schemaToJson)
    else if (kind === 'schema map') json[name] = mapValues(value as Record<string, Schema>, schemaToJson)
    else json[name] = value as Json
  }
  return json
}

function isEmpty(value: unknown): boolean {
  if (value === '') return true
  if (value instanceof JsonNumber || typeof value !== 'object' || value === null) return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

function mapValues<T, R>(map: Readonly<Record<string, T>>, convert: (value: T) => R): Record<string, R> {
  const out: Record<string, R> = Object.create(null)
  for (const [key, value] of Object.entries(map)) out[key] = convert(value)
  return out
}

const wanted: Readonly<Record<Kind, string>> = {
  schema: 'schema.rawSchema',
  'schema list': '[]*schema.Schema',
  'schema map': 'map[string]*schema.Schema',
  json: 'interface {}',
  'json list': '[]interface {}',
  number: 'json.Number',
  string: 'string',
  'string list': '[]string',
  'string lists': 'map[string][]string',
  bool: 'bool',
}

/**
 * Reads a schema from JSON. Unknown members are ignored. Throws `SchemaError` where a
 * member has the wrong type.
 */
export function schemaFromJson(json: Json): Schema {
  if (typeof json === 'boolean') return json
  if (!isJsonObject(json)) throw wrong('', json, wanted.schema)
  spend(20)
  allocate(200)
  const schema: Record<string, unknown> = {}
  for (const [name, kind] of members) {
    const value = json[name]
    if (value === undefined || value === null) continue
    schema[name] = read(name, kind, value)
  }
  return schema as SchemaObject
}

function read(name: string, kind: Kind, value: Json): unknown {
  switch (kind) {
    case 'schema':
      return schemaFromJson(value)
    case 'schema list':
      return list(name, kind, value).map(schemaFromJson)
    case 'schema map':
      return mapValues(object(name, kind, value) as Record<string, Json>, schemaFromJson)
    case 'json':
      return value
    case 'json list':
      return list(name, kind, value)
    case 'number':
      if (!(value instanceof JsonNumber) && typeof value !== 'number') throw wrong(name, value, wanted[kind])
      return value
    case 'string':
      if (typeof value !== 'string') throw wrong(name, value, wanted[kind])
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw wrong(name, value, wanted[kind])
      return value
    case 'string list':
      return strings(name, value, wanted[kind])
    case 'string lists':
      return mapValues(object(name, kind, value) as Record<string, Json>, (item) => strings(name, item, '[]string'))
  }
}

function list(name: string, kind: Kind, value: Json): readonly Json[] {
  if (!Array.isArray(value)) throw wrong(name, value, wanted[kind])
  return value as readonly Json[]
}

function object(name: string, kind: Kind, value: Json): JsonObject {
  if (!isJsonObject(value)) throw wrong(name, value, wanted[kind])
  return value
}

function strings(name: string, value: Json, type: string): readonly string[] {
  if (!Array.isArray(value)) throw wrong(name, value, type)
  for (const item of value) if (typeof item !== 'string') throw wrong(name, item, 'string')
  return value as readonly string[]
}

function wrong(name: string, value: Json, type: string): SchemaError {
  const got = Array.isArray(value)
    ? 'array'
    : isJsonObject(value)
      ? 'object'
      : value instanceof JsonNumber
        ? 'number'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value
  const field = name === '' ? 'value' : `struct field rawSchema.${name}`
  return new SchemaError(`failed to parse schema: json: cannot unmarshal ${got} into Go ${field} of type ${type}`)
}
