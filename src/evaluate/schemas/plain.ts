import { JsonNumber } from '../../json.ts'
import type { Plain, PlainObject } from '../../plain.ts'
import { compileSchema, refTarget, type Schema } from '../../schema/index.ts'
import { Secret } from '../../secret.ts'
import { rangeless } from '../export/export-value.ts'
import type { ExportedValue } from '../export/exported.ts'
import { listOf, mapOf, valueOfExported } from '../values/convert.ts'
import { nowhere } from '../values/value.ts'
import { own, validate } from './validate.ts'

/**
 * A value as providers and rotators want it: a `Secret` exactly where the schema says
 * `secret: true`, revealed plain data everywhere else, whatever is marked secret in the
 * environment. Numbers become doubles, unknown values are left out.
 */
export function toPlain(value: ExportedValue, schema: Schema): Plain {
  return convert(value, [compileSchema(schema, { declared: true })]) ?? null
}

/** All schemas that describe one value: a union adds the alternatives that accept it. */
function describe(value: ExportedValue, schemas: readonly (Schema | undefined)[]): readonly Schema[] {
  const found = new Set<Schema>()
  const pending = [...schemas]
  for (;;) {
    const schema = pending.pop()
    if (schema === undefined) {
      if (pending.length === 0) return [...found]
      continue
    }
    if (typeof schema !== 'object' || found.has(schema)) continue
    found.add(schema)
    pending.push(refTarget(schema))
    for (const member of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
      if (accepts(value, member)) pending.push(member)
  }
}

function accepts(value: ExportedValue, schema: Schema): boolean {
  return validate(valueOfExported(value, nowhere), schema, () => {})
}

function convert(value: ExportedValue, candidates: readonly (Schema | undefined)[]): Plain | undefined {
  if (value.unknown) return undefined
  const schemas = describe(value, candidates)
  if (schemas.some((schema) => typeof schema === 'object' && schema.secret)) return new Secret(reveal(value))
  return rebuild(value, (item, key) =>
    convert(
      item,
      schemas.map((schema) => partOf(schema, key)),
    ),
  )
}

function partOf(schema: Schema, key: string | number): Schema | undefined {
  if (typeof schema !== 'object') return undefined
  if (typeof key === 'number') return schema.prefixItems?.[key] ?? schema.items
  return own(schema.properties, key) ?? schema.additionalProperties
}

function reveal(value: ExportedValue): Plain {
  return value.unknown ? null : rebuild(value, reveal)
}

function rebuild(value: ExportedValue, part: (item: ExportedValue, key: string | number) => Plain | undefined): Plain {
  const list = listOf(value)
  if (list) return list.map((item, i) => part(item, i) ?? null)
  const map = mapOf(value)
  if (map) {
    const plain: Record<string, Plain> = Object.create(null)
    for (const [key, item] of Object.entries(map)) {
      const converted = part(item, key)
      if (converted !== undefined) plain[key] = converted
    }
    return plain
  }
  const content = value.value
  if (content instanceof JsonNumber) return Number(content.text)
  return (content ?? null) as Plain
}

/**
 * Returns the reasons why the schema refuses what a rotator returned; empty when it accepts. Quotes
 * the schema, never the value.
 */
export function violationsOf(plain: Plain, schema: Schema): readonly string[] {
  const found: string[] = []
  const accepted = validate(
    valueOfExported(fromPlain(plain), nowhere),
    compileSchema(schema, { declared: true }),
    (summary) => found.push(summary),
  )
  return accepted ? [] : found.length > 0 ? found : ['a part of it that its type does not have']
}

const trace = { def: rangeless('') }

/**
 * Returns a result of a provider or rotator as a value. A `Secret` makes everything in it
 * secret; `undefined` is unknown.
 */
export function fromPlain(plain: Plain | undefined): ExportedValue {
  return fromPart(plain, false)
}

function fromPart(plain: Plain | undefined, inSecret: boolean): ExportedValue {
  if (plain instanceof Secret) return fromPart(plain.reveal(), true)
  const secret = inSecret ? ({ secret: true } as const) : {}
  if (plain === undefined) return { unknown: true, ...secret, trace }
  if (plain === null) return { ...secret, trace }
  if (typeof plain === 'number') return { value: new JsonNumber(numberText(plain)), ...secret, trace }
  if (typeof plain !== 'object') return { value: plain, ...secret, trace }
  if (Array.isArray(plain)) return { value: plain.map((item) => fromPart(item, inSecret)), ...secret, trace }
  const map: Record<string, ExportedValue> = Object.create(null)
  for (const [key, item] of Object.entries(plain as PlainObject))
    if (item !== undefined) map[key] = fromPart(item, inSecret)
  return { value: map, ...secret, trace }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a number that JSON can hold`)
  return Object.is(value, -0) ? '0' : String(value)
}
