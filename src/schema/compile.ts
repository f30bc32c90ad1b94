import { allocate, spend } from '../budget.ts'
import { JsonNumber } from '../json.ts'
import { Pattern } from './pattern.ts'
import type { Schema, SchemaObject } from './schema.ts'

/** The findings of compiling a schema beyond its JSON form. */
interface Compiled {
  /** The schema that `$ref` refers to. */
  target?: Schema
  /** As text until it is first needed. */
  pattern?: Pattern | string
  /** Only a rotation resolves values of this schema. */
  rotateOnly?: boolean
  /** This schema or one inside it is rotateOnly. */
  mentionsRotateOnly?: boolean
}

const compiled = new WeakMap<SchemaObject, Compiled>()

/** `any` where only a rotation resolves the value: an object, since `true` can carry no mark. */
export const anyRotateOnly: SchemaObject = {}
compiled.set(anyRotateOnly, { rotateOnly: true, mentionsRotateOnly: true })

/** A schema that cannot be used, such as one with a bad pattern. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

export function refTarget(schema: SchemaObject): Schema | undefined {
  return compiled.get(schema)?.target
}

export function patternOf(schema: SchemaObject): Pattern | undefined {
  const facts = compiled.get(schema)
  if (typeof facts?.pattern === 'string') facts.pattern = new Pattern(facts.pattern)
  return facts?.pattern as Pattern | undefined
}

export function isRotateOnly(schema: Schema): boolean {
  return typeof schema === 'object' && compiled.get(schema)?.rotateOnly === true
}

/**
 * True when something in the schema is rotateOnly. If not, evaluation need not
 * follow the schema at all.
 */
export function mentionsRotateOnly(schema: Schema): boolean {
  return typeof schema === 'object' && compiled.get(schema)?.mentionsRotateOnly === true
}

/** Marks a schema that was put together after compiling, such as a `oneOf` of compiled ones. */
export function markUnion(schema: SchemaObject, members: readonly Schema[]): SchemaObject {
  if (members.some(mentionsRotateOnly))
    compiled.set(schema, { rotateOnly: members.every(isRotateOnly), mentionsRotateOnly: true })
  return schema
}

/**
 * A copy of the schema that is ready for validation: references resolved against its own `$defs`,
 * bounds and patterns checked, the rotateOnly mark on the listed properties and everything beneath
 * them. Throws `SchemaError`, `PatternError`.
 *
 * `declared`: the schema is that of a provider or rotator, whose patterns are known to be right.
 * They are compiled when a value is compared with them, which most evaluations never do.
 */
export function compileSchema(schema: Schema, { declared = false } = {}): Schema {
  if (typeof schema !== 'object') return schema
  const known = declared ? declaredSchemas.get(schema) : undefined
  if (known !== undefined) return known
  const result = new Compiler(schema, declared).compile(schema, false)
  if (declared) declaredSchemas.set(schema, result)
  return result
}

/**
 * Compiled schemas of providers and rotators, which never change and are needed for each
 * call, by what they were compiled from.
 */
const declaredSchemas = new WeakMap<SchemaObject, Schema>()

const counts = ['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'] as const
const numbers = ['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'] as const
const maxNesting = 500

class Compiler {
  readonly #root: SchemaObject
  readonly #declared: boolean
  readonly #definitions = new Map<string, Schema>()
  #depth = 0

  constructor(root: SchemaObject, declared: boolean) {
    this.#root = root
    this.#declared = declared
  }

  compile(schema: Schema, rotateOnly: boolean): Schema {
    if (typeof schema !== 'object') return schema && rotateOnly ? anyRotateOnly : schema
    return this.#compileInto({ ...schema }, schema, rotateOnly)
  }

  #compileInto(copy: Mutable<SchemaObject>, schema: SchemaObject, rotateOnly: boolean): SchemaObject {
    if (++this.#depth > maxNesting) throw new SchemaError('the schema is nested too deeply')
    spend(20)
    allocate(300)
    const facts: Compiled = {}
    compiled.set(copy, facts)
    if (rotateOnly) facts.rotateOnly = facts.mentionsRotateOnly = true
    const child = (sub: Schema, mark = rotateOnly): Schema => {
      const result = this.compile(sub, mark)
      if (mentionsRotateOnly(result)) facts.mentionsRotateOnly = true
      return result
    }
    if (schema.$ref !== undefined) facts.target = this.#resolve(schema.$ref, rotateOnly)
    if (schema.anyOf) copy.anyOf = schema.anyOf.map((member) => child(member))
    if (schema.oneOf) copy.oneOf = schema.oneOf.map((member) => child(member))
    if (schema.prefixItems) copy.prefixItems = schema.prefixItems.map((item) => child(item))
    if (schema.items !== undefined) copy.items = child(schema.items)
    if (schema.additionalProperties !== undefined) copy.additionalProperties = child(schema.additionalProperties)
    if (schema.properties) {
      const properties: Record<string, Schema> = Object.create(null)
      for (const [key, property] of Object.entries(schema.properties))
        properties[key] = child(property, rotateOnly || (schema.rotateOnly?.includes(key) ?? false))
      copy.properties = properties
    }
    for (const name of numbers) checkNumber(schema[name])
    for (const name of counts) checkCount(schema[name])
    if (schema.pattern !== undefined && schema.pattern !== '') {
      facts.pattern = this.#declared ? schema.pattern : new Pattern(schema.pattern)
    }
    this.#depth--
    return copy
  }

  #resolve(ref: string, rotateOnly: boolean): Schema {
    const match = /^#\/\$defs\/([^/]+)$/.exec(ref)
    if (!match) throw new SchemaError('only fragment references of the form #/$defs/ref are supported')
    const name = decode(match[1] ?? '')
    const id = `${rotateOnly} ${name}`
    const known = this.#definitions.get(id)
    if (known !== undefined) return known
    const definition = this.#root.$defs && Object.hasOwn(this.#root.$defs, name) ? this.#root.$defs[name] : undefined
    if (definition === undefined) throw new SchemaError(`unknown subschema ${ref}`)
    if (typeof definition !== 'object') return this.compile(definition, rotateOnly)
    const copy = { ...definition }
    // Known before it is compiled, since a definition may refer to itself.
    this.#definitions.set(id, copy)
    return this.#compileInto(copy, definition, rotateOnly)
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The text of a number in a schema. */
export function numberText(value: unknown): string {
  return value instanceof JsonNumber ? value.text : String(value)
}

function checkNumber(value: unknown): void {
  if (value !== undefined && value !== null && !/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(numberText(value)))
    throw new SchemaError(`invalid number ${numberText(value)}`)
}

function checkCount(value: unknown): void {
  if (value === undefined || value === null) return
  const text = numberText(value)
  if (!/^[0-9]+$/.test(text)) throw new SchemaError(`strconv.ParseUint: parsing "${text}": invalid syntax`)
  if (BigInt(text) > 18446744073709551615n)
    throw new SchemaError(`strconv.ParseUint: parsing "${text}": value out of range`)
}
