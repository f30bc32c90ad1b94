import { isJsonObject, type Json } from '../../json.ts'
import type { Schema, SchemaObject } from '../../schema/index.ts'

type JsonSchema = Json
type Members = { [key: string]: JsonSchema }

/** The names of definitions that every schema of definitions has. */
export const definitionNames = {
  value: 'value',
  call: 'call',
  computed: 'computed',
  isComputed: 'isComputed',
  literal: 'literal',
} as const

/** Refers to a definition of the same JSON Schema. */
export function refTo(name: string): JsonSchema {
  // As JSON Pointer and URL fragments want it.
  return { $ref: `#/$defs/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}` }
}

/** Members that say the same of a literal as of the value that it stands for. */
const copied = ['type', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'required'] as const
const numeric = ['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'] as const
const notes = ['title', 'description', 'deprecated'] as const

/**
 * Turns types of values into JSON Schema of the expressions that may stand for them: a literal, a
 * text with references in it, or a call. What a definition says right is never refused; mistakes
 * that only an evaluation finds are not.
 */
export class ExpressionSchemas {
  /** JSON Schema of the types that others refer to, by name. */
  readonly definitions: Members = {}

  /** `owner` keeps apart the definitions of several types. */
  of(schema: Schema, owner: string): JsonSchema {
    return this.#of(schema, owner, typeof schema === 'object' ? (schema.$defs ?? {}) : {})
  }

  #of(schema: Schema, owner: string, defined: Readonly<Record<string, Schema>>): JsonSchema {
    if (schema === false) return false
    if (schema === true) return refTo(definitionNames.value)
    const literals = this.#literals(schema, owner, defined)
    const about = noted(schema)
    if (literals === undefined) return { ...about, ...(refTo(definitionNames.value) as Members) }
    const [only, ...more] = literals
    return {
      ...about,
      if: refTo(definitionNames.isComputed),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: refTo(definitionNames.computed),
      else: more.length === 0 && only !== undefined ? only : { anyOf: literals },
    }
  }

  /** The forms of a literal. Undefined: anything. */
  #literals(
    schema: SchemaObject,
    owner: string,
    defined: Readonly<Record<string, Schema>>,
  ): readonly JsonSchema[] | undefined {
    const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
    const own = this.#ownMembers(schema, owner, defined)
    if (alternatives.length === 0 && schema.$ref === undefined) return Object.keys(own).length === 0 ? undefined : [own]
    if (schema.$ref !== undefined) return [{ ...own, ...(this.#reference(schema.$ref, owner, defined) as Members) }]
    if (Object.keys(own).length > 0) {
      return [{ ...own, anyOf: alternatives.map((each) => this.#of(each, owner, defined)) }]
    }
    const forms = alternatives.map((each) => (typeof each === 'object' ? this.#literals(each, owner, defined) : [each]))
    return forms.some((each) => each === undefined) ? undefined : forms.flatMap((each) => each ?? [])
  }

  #reference(reference: string, owner: string, defined: Readonly<Record<string, Schema>>): JsonSchema {
    const name = reference.startsWith('#/$defs/') ? reference.slice('#/$defs/'.length) : undefined
    const target = name !== undefined && Object.hasOwn(defined, name) ? defined[name] : undefined
    if (target === undefined) return refTo(definitionNames.value)
    const whole = `${owner} ${name}`
    if (!Object.hasOwn(this.definitions, whole)) {
      // Before what is in it, which may refer to it.
      this.definitions[whole] = true
      this.definitions[whole] = this.#of(target, owner, defined)
    }
    return refTo(whole)
  }

  #ownMembers(schema: SchemaObject, owner: string, defined: Readonly<Record<string, Schema>>): Members {
    const members: Members = {}
    for (const name of copied) {
      const value = schema[name]
      if (value !== undefined && value !== null && (!Array.isArray(value) || value.length > 0)) members[name] = value
    }
    for (const name of numeric) if (schema[name] !== undefined && schema[name] !== null) members[name] = schema[name]
    if (schema.dependentRequired !== undefined) members.dependentRequired = schema.dependentRequired
    Object.assign(members, textMembers(schema), choices(schema))
    const each = (part: Schema) => this.#of(part, owner, defined)
    if (schema.prefixItems?.length) members.prefixItems = schema.prefixItems.map(each)
    // Readers of older drafts know no prefixItems, and would refuse every element.
    if (schema.items === false) members.maxItems = schema.maxItems ?? schema.prefixItems?.length ?? 0
    else if (schema.type === 'array' || schema.items !== undefined) members.items = each(schema.items ?? true)
    if (schema.type !== 'object' && schema.properties === undefined) return members
    if (schema.properties !== undefined) {
      members.properties = Object.fromEntries(
        Object.entries(schema.properties).map(([name, property]) => [name, each(property)]),
      )
    }
    if (schema.additionalProperties === false) members.additionalProperties = false
    else
      Object.assign(members, { additionalProperties: each(schema.additionalProperties ?? true), propertyNames: noCall })
    return members
  }
}

/** The names of properties that call no builtin. */
export const noCall: JsonSchema = { pattern: '^(?!fn::)' }

function noted(schema: SchemaObject): Members {
  const about: Members = {}
  for (const name of notes) if (schema[name] !== undefined) about[name] = schema[name]
  if (schema.default !== undefined) about.default = schema.default
  if (schema.examples?.length) about.examples = schema.examples
  return about
}

/** The language counts bytes, and its patterns are of another kind. */
function textMembers({ minLength, pattern }: SchemaObject): Members {
  return {
    ...(minLength !== undefined && String(minLength) === '1' && { minLength: 1 }),
    ...(pattern !== undefined && isPattern(pattern) && { pattern }),
  }
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u')
    return true
  } catch {
    return false
  }
}

/** Within a list or an object that is prescribed, expressions may stand for its parts. */
function choices({ const: only, enum: several }: SchemaObject): Members {
  const isScalar = (value: Json) => !Array.isArray(value) && !isJsonObject(value)
  return {
    ...(only !== undefined && only !== null && isScalar(only) && { const: only }),
    ...(several !== undefined && several.length > 0 && several.every(isScalar) && { enum: several }),
  }
}
