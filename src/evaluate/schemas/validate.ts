import { allocate, produceText, spend } from '../../budget.ts'
import { formatJson, isJsonObject, type Json, JsonNumber } from '../../json.ts'
import { present } from '../../present.ts'
import { byteLength } from '../../raw-bytes.ts'
import {
  compareDecimals,
  type Decimal,
  isMultiple,
  numberText,
  parseDecimal,
  patternOf,
  refTarget,
  type Schema,
  type SchemaObject,
} from '../../schema/index.ts'
import { quote } from '../../yaml/index.ts'
import type { Definition, Value } from '../values/value.ts'
import { acceptsSchema, type Report } from './accepts-schema.ts'

/** Values are less deep, and what schemas put around each part of one is nested less deeply too. */
const maxDepth = 700

/** The schemas that were referred to on the way to the one that is applied, for the same value. */
interface References {
  readonly target: Schema
  readonly before: References | undefined
}

/**
 * True when the schema accepts the value. Mistakes are blamed on what defined the offending part.
 */
export function validate(
  value: Value,
  schema: Schema | undefined,
  report: Report,
  depth = 0,
  references?: References,
): boolean {
  if (schema === undefined || schema === true) return true
  if (schema === false) return false
  spend(4)
  if (value.unknown) return acceptsSchema(value.schema, schema, { definition: value.definition, path: '' }, report)
  if (depth > maxDepth) {
    report('the schema refers to itself without end', value.definition)
    return false
  }
  const fail = (summary: string): false => {
    produceText(summary.length)
    report(summary, value.definition)
    return false
  }
  let valid = true
  const target = refTarget(schema)
  if (target !== undefined) {
    if (isAmong(target, references)) return fail('the schema refers to itself without end')
    valid = validate(value, target, report, depth + 1, { target, before: references }) && valid
  }
  if (schema.anyOf?.length) {
    const outcome = matches(value, schema.anyOf, depth, 1, references)
    if (outcome.count === 0) {
      for (const [summary, at] of outcome.mistakes) report(summary, at)
      valid = fail('at least one subschema must match')
    }
  }
  if (schema.oneOf?.length) {
    const outcome = matches(value, schema.oneOf, depth, 2, references)
    if (outcome.count === 0) for (const [summary, at] of outcome.mistakes) report(summary, at)
    if (outcome.count !== 1) valid = fail(`exactly one subschema ${outcome.count === 0 ? 'must' : 'may'} match`)
  }
  if (schema.const !== undefined && schema.const !== null && !equals(value, schema.const))
    valid = fail(`expected ${compact(schema.const)}`)
  if (schema.enum?.length && !schema.enum.some((item) => equals(value, item))) {
    const [only = null] = schema.enum
    valid = fail(schema.enum.length === 1 ? `expected ${compact(only)}` : `expected one of ${compact(schema.enum)}`)
  }
  const type = value.kind === 'map' ? 'object' : value.kind === 'none' ? 'null' : value.kind
  if (schema.type !== undefined && (schema.type as string) !== '' && schema.type !== type)
    return fail(`expected ${schema.type}, got ${type}`)
  switch (value.content.kind) {
    case 'number':
      return checkNumber(value.content.text, schema, fail) && valid
    case 'string':
      return checkString(value.content.text, schema, fail) && valid
    case 'array':
      return checkArray(value.content.elements, schema, fail, report, depth) && valid
    case 'map':
      return checkObject(value, schema, fail, report, depth) && valid
    default:
      return valid
  }
}

function isAmong(target: Schema, references: References | undefined): boolean {
  for (let each = references; each !== undefined; each = each.before) {
    spend(1)
    if (each.target === target) return true
  }
  return false
}

/**
 * Counts the alternatives that accept the value (counting no further than `enough`),
 * and what the others said.
 */
function matches(
  value: Value,
  alternatives: readonly Schema[],
  depth: number,
  enough: number,
  references: References | undefined,
) {
  const mistakes: (readonly [string, Definition])[] = []
  let count = 0
  for (const alternative of alternatives) {
    const note: Report = (summary, at) => {
      // Each level of alternatives within alternatives passes them on.
      spend(4)
      allocate(100)
      mistakes.push([summary, at])
    }
    if (validate(value, alternative, note, depth + 1, references)) count++
    if (count >= enough) break
  }
  return { count, mistakes }
}

export function compact(json: Json): string {
  return formatJson(json, { sortKeys: true, escapeHtml: true })
}

/** Numbers are equal when their text is. */
function equals(value: Value, json: Json): boolean {
  if (value.unknown) return false
  const content = value.content
  spend(1)
  switch (content.kind) {
    case 'null':
    case 'none':
      return json === null
    case 'boolean':
      return json === content.boolean
    case 'string':
      // Long texts of one length are compared to their ends.
      if (typeof json === 'string') spend(json.length >>> 6)
      return json === content.text
    case 'number':
      return (json instanceof JsonNumber || typeof json === 'number') && numberText(json) === content.text
    case 'array':
      return (
        Array.isArray(json) &&
        json.length === content.elements.length &&
        content.elements.every((element, i) => equals(element, present(json[i])))
      )
    case 'map':
      return (
        isJsonObject(json) &&
        Object.keys(json).length === value.ownKeys.length &&
        value.ownEntries.every(([key, child]) => json[key] !== undefined && equals(child, json[key]))
      )
  }
}

type Fail = (summary: string) => false

function checkNumber(text: string, schema: SchemaObject, fail: Fail): boolean {
  const { multipleOf, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema
  if ([multipleOf, minimum, exclusiveMinimum, maximum, exclusiveMaximum].every((bound) => bound === undefined))
    return true
  spend(200 + text.length)
  const value = parseDecimal(text)
  if (value === undefined) return fail(`internal error: invalid number ${quote(text)} (number has no finite value)`)
  let valid = true
  const check = (bound: Json | undefined, holds: (bound: Decimal) => boolean, summary: string) => {
    if (bound === undefined || bound === null) return
    const decimal = parseDecimal(numberText(bound))
    if (decimal !== undefined && !holds(decimal)) valid = fail(summary + numberText(bound))
  }
  check(multipleOf, (of) => isMultiple(value, of), 'expected a multiple of ')
  check(minimum, (bound) => compareDecimals(value, bound) >= 0, 'expected a number greater than or equal to ')
  check(exclusiveMinimum, (bound) => compareDecimals(value, bound) > 0, 'expected a number greater than ')
  check(maximum, (bound) => compareDecimals(value, bound) <= 0, 'expected a number less than or equal to')
  check(exclusiveMaximum, (bound) => compareDecimals(value, bound) < 0, 'expected a number less than ')
  return valid
}

/**
 * True when a count lies within its bounds; they are unsigned integers, checked when
 * the schema was compiled.
 */
function checkCount(
  count: number,
  least: Json | undefined,
  most: Json | undefined,
  fail: Fail,
  summary: (bound: string, text: string) => string,
): boolean {
  let valid = true
  if (least !== undefined && least !== null && BigInt(count) < BigInt(numberText(least)))
    valid = fail(summary('at least', numberText(least)))
  if (most !== undefined && most !== null && BigInt(count) > BigInt(numberText(most)))
    valid = fail(summary('at most', numberText(most)))
  return valid
}

function checkString(text: string, schema: SchemaObject, fail: Fail): boolean {
  const { minLength, maxLength } = schema
  const counted = minLength !== undefined || maxLength !== undefined
  if (counted) spend(text.length >>> 4)
  const length = counted ? byteLength(text) : 0
  let valid = checkCount(length, minLength, maxLength, fail, (bound, n) => `expected a string of ${bound} length ${n}`)
  const pattern = patternOf(schema)
  if (pattern !== undefined && !pattern.test(text))
    valid = fail(`string must match the pattern ${quote(pattern.source)}`)
  return valid
}

function checkArray(
  elements: readonly Value[],
  schema: SchemaObject,
  fail: Fail,
  report: Report,
  depth: number,
): boolean {
  const { minItems, maxItems } = schema
  let valid = checkCount(elements.length, minItems, maxItems, fail, (b, n) => `expected an array with ${b} ${n} items`)
  elements.forEach((element, i) => {
    valid = validate(element, schema.prefixItems?.[i] ?? schema.items, report, depth + 1) && valid
  })
  return valid
}

function checkObject(value: Value, schema: SchemaObject, fail: Fail, report: Report, depth: number): boolean {
  const { minProperties, maxProperties } = schema
  const keys = value.keys
  let valid = checkCount(
    keys.length,
    minProperties,
    maxProperties,
    fail,
    (b, n) => `expected an object with ${b} ${n} properties`,
  )
  for (const [key, child] of value.entries) {
    const expected = own(schema.properties, key) ?? schema.additionalProperties
    valid = validate(child, expected, report, depth + 1) && valid
  }
  const { required = [], dependentRequired } = schema
  spend(keys.length + required.length)
  if (required.length === 0 && dependentRequired === undefined) return valid
  const present = new Set(keys)
  const absent = required.filter((key) => !present.has(key))
  for (const [key, dependents] of Object.entries(dependentRequired ?? {})) {
    spend(1)
    if (!present.has(key)) continue
    spend(dependents.length)
    for (const dependent of dependents) if (!present.has(dependent)) absent.push(dependent)
  }
  return absent.length === 0 ? valid : fail(`missing required properties: ${absent.join(', ')}`)
}

export function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined
}
