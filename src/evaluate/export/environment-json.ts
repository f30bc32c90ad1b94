import type { Json } from '../../json.ts'
import { type Schema, schemaToJson } from '../../schema/index.ts'
import type { ExportedEnvironment, ExportedExpr } from './exported.ts'

/** The outcome of an evaluation as JSON, complete with traces. Secrets are not redacted in it. */
export function environmentToJson(environment: ExportedEnvironment): Json {
  const { exprs, properties, schema, executionContext } = environment
  return compact({
    exprs: exprs && mapValues(exprs, expressionToJson),
    properties: properties as unknown as Json,
    schema: schemaOf(schema),
    executionContext:
      executionContext &&
      compact({
        properties: executionContext.properties as unknown as Json,
        schema: schemaOf(executionContext.schema),
      }),
  })
}

function expressionToJson(expression: ExportedExpr): Json {
  const { schema, base, list, object, builtin, ...rest } = expression
  return compact({
    ...(rest as unknown as Record<string, Json>),
    schema: schemaOf(schema),
    base: base && expressionToJson(base),
    list: list?.map(expressionToJson),
    object: object && mapValues(object, expressionToJson),
    builtin: builtin && {
      name: builtin.name,
      nameRange: builtin.nameRange as unknown as Json,
      argSchema: schemaToJson(builtin.argSchema),
      arg: expressionToJson(builtin.arg),
    },
  })
}

function schemaOf(schema: Schema | undefined): Json | undefined {
  return schema === undefined ? undefined : schemaToJson(schema)
}

function compact(members: Record<string, Json | undefined>): Json {
  const out: Record<string, Json> = Object.create(null)
  for (const [key, value] of Object.entries(members)) if (value !== undefined) out[key] = value
  return out
}

function mapValues<T>(map: Readonly<Record<string, T>>, convert: (value: T) => Json): Json {
  const out: Record<string, Json> = Object.create(null)
  for (const [key, value] of Object.entries(map)) out[key] = convert(value)
  return out
}
