import {
  type ExportedEnvironment,
  type ExportedRange,
  type ExportedValue,
  environmentToJson,
} from '../../evaluate/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { isList, isObject } from './value-format.ts'

/**
 * An evaluated environment as the REST API has it. Clients with strict readers need members that
 * the evaluator leaves out: `value` of every value, `key` of every accessor, and the environment of
 * every range. Secrets are in the clear in it.
 */
export function environmentToWire({ properties, executionContext, ...environment }: ExportedEnvironment): JsonObject {
  const { exprs, schema } = environmentToJson(environment) as JsonObject
  const { properties: _, ...context } = executionContext ?? {}
  const rest = executionContext && (environmentToJson({ executionContext: context }) as JsonObject).executionContext
  return {
    exprs: exprs && wireExpressions(exprs),
    properties: properties && mapToWire(properties),
    schema,
    ...(executionContext && {
      executionContext: {
        ...(executionContext.properties && { properties: mapToWire(executionContext.properties) }),
        ...(rest as JsonObject),
      },
    }),
  }
}

/** An evaluated value as the REST API has it; members and elements are such values too. */
function valueToWire({ value, secret, unknown, trace }: ExportedValue): JsonObject {
  return {
    value: contentToWire(value),
    ...(secret && { secret }),
    ...(unknown && { unknown }),
    trace: { def: rangeToWire(trace.def), ...(trace.base && { base: valueToWire(trace.base) }) },
  }
}

function contentToWire(value: ExportedValue['value']): Json {
  if (value === undefined) return null
  if (isList(value)) return value.map(valueToWire)
  return isObject(value) ? mapToWire(value) : value
}

function mapToWire(map: Readonly<Record<string, ExportedValue>>): JsonObject {
  const members: Record<string, Json> = Object.create(null)
  for (const [key, value] of Object.entries(map)) members[key] = valueToWire(value)
  return members
}

function rangeToWire({ environment = '', begin, end }: ExportedRange): JsonObject {
  return { environment, begin: { ...begin }, end: { ...end } }
}

/** Completes ranges and accessors anywhere in what was exported of expressions. */
function wireExpressions(json: Json): Json {
  if (Array.isArray(json)) return json.map(wireExpressions)
  if (!isJsonObject(json)) return json
  const members: Record<string, Json | undefined> = Object.create(null)
  if (isJsonObject(json.begin) && isJsonObject(json.end)) members.environment = ''
  if (typeof json.index === 'number' && isJsonObject(json.range)) members.key = ''
  for (const [key, member] of Object.entries(json))
    members[key] = member === undefined ? undefined : wireExpressions(member)
  return members
}

/** A diagnostic as the REST API has it: a range, where it has a place. */
export function diagnosticToWire({ summary, path, range, noticedAt }: Diagnostic): JsonObject {
  const at = noticedAt && { line: noticedAt.line, column: noticedAt.column, byte: 0 }
  const place = range ?? (noticedAt && at && { environment: noticedAt.environment, begin: at, end: at })
  return { ...(place && { range: rangeToWire(place) }), summary, ...(path !== '' && { path }) }
}
