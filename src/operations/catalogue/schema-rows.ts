import type { Schema, SchemaObject } from '../../schema/index.ts'

/** A property of a type, as it is shown to people. */
export interface SchemaRow {
  /** Its name after those of what it is in: `get.*.secretId`; `*` is any name, `[]` an element. */
  readonly path: string
  readonly type: string
  readonly required: boolean
  readonly secret: boolean
  /** More that is known of it, such as `default 2h`. */
  readonly notes: readonly string[]
}

/** The properties of a type, each before those within it, as they are declared. */
export function schemaRows(schema: Schema): readonly SchemaRow[] {
  return [...rowsWithin(schema, '')]
}

function* rowsWithin(schema: Schema, path: string): Generator<SchemaRow> {
  if (typeof schema === 'boolean') return
  const below = (name: string) => (path === '' ? name : `${path}.${name}`)
  const { properties, required, alternatives } = membersOf(schema)
  for (const [name, each] of Object.entries(properties)) {
    yield rowOf(each, below(name), { required: required.includes(name), notes: alternatives(name) })
    yield* rowsWithin(each, below(name))
  }
  const { additionalProperties: others, items } = schema
  if (typeof others === 'object') {
    yield rowOf(others, below('*'), { required: false, notes: [] })
    yield* rowsWithin(others, below('*'))
  }
  if (typeof items === 'object' && items.type === 'object') yield* rowsWithin(items, `${path}[]`)
}

/** The members of all variants of a type; `alternatives` says in which of them one is. */
function membersOf(schema: SchemaObject): {
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
  readonly alternatives: (name: string) => readonly string[]
} {
  const variants = (schema.oneOf ?? []).filter((each) => typeof each === 'object' && each.properties !== undefined)
  if (variants.length === 0) {
    return { properties: schema.properties ?? {}, required: schema.required ?? [], alternatives: () => [] }
  }
  const objects = variants as readonly SchemaObject[]
  const properties = Object.assign({}, ...objects.map((each) => each.properties)) as Record<string, Schema>
  const inAll = (names: (each: SchemaObject) => readonly string[], name: string) =>
    objects.every((each) => names(each).includes(name))
  const required = Object.keys(properties).filter((name) => inAll((each) => each.required ?? [], name))
  const only = Object.keys(properties).filter((name) => !inAll((each) => Object.keys(each.properties ?? {}), name))
  const ofEach = objects.map((each) => Object.keys(each.properties ?? {}).filter((name) => only.includes(name)))
  const isChoice = ofEach.every((names) => names.length === 1)
  return {
    properties,
    required,
    alternatives(name) {
      if (!only.includes(name)) return []
      if (isChoice) return [`one of ${only.join(', ')}`]
      const forms = ofEach.flatMap((names, index) => (names.includes(name) ? [formOf(names, objects[index])] : []))
      return [`in the form ${forms.join(' or ')}`]
    },
  }
}

/** The members that a variant has and others have not: `{from, [context]}`. */
function formOf(names: readonly string[], variant: SchemaObject | undefined): string {
  return `{${names.map((name) => (variant?.required?.includes(name) ? name : `[${name}]`)).join(', ')}}`
}

function rowOf(
  schema: Schema,
  path: string,
  { required, notes }: { readonly required: boolean; readonly notes: readonly string[] },
): SchemaRow {
  const { secret = false } = typeof schema === 'object' ? schema : {}
  return { path, type: typeName(schema), required, secret, notes: [...notes, ...notesOf(schema)] }
}

function typeName(schema: Schema): string {
  if (typeof schema === 'boolean') return 'any'
  const { type, items, anyOf, oneOf } = schema
  if (type === 'array' && typeof items === 'object') return `list of ${typeName(items)}`
  if (type !== undefined) return type === 'array' ? 'list' : type
  const names = [...new Set((anyOf ?? oneOf ?? []).map(typeName))]
  return names.length === 0 ? 'any' : names.join(' or ')
}

function notesOf(schema: Schema): readonly string[] {
  if (typeof schema === 'boolean') return []
  const { description, default: usual, const: only, enum: choices, pattern, minimum, maximum, maxLength } = schema
  return [
    ...(description === undefined ? [] : [description]),
    ...(only === undefined ? [] : [`always ${text(only)}`]),
    ...(choices === undefined ? [] : [`one of ${choices.map(text).join(', ')}`]),
    ...(usual === undefined ? [] : [`default ${text(usual)}`]),
    ...(minimum === undefined ? [] : [`at least ${text(minimum)}`]),
    ...(maximum === undefined ? [] : [`at most ${text(maximum)}`]),
    ...(maxLength === undefined ? [] : [`at most ${text(maxLength)} characters`]),
    ...(pattern === undefined ? [] : [`matches ${pattern}`]),
  ]
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
