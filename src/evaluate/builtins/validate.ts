import { spend } from '../../budget.ts'
import type { CallOf } from '../../language/index.ts'
import {
  compileSchema,
  PatternError,
  type Schema,
  SchemaError,
  schemaFromJson,
  schemaOfSchemas,
} from '../../schema/index.ts'
import { quote } from '../../yaml/index.ts'
import type { Scope } from '../evaluation.ts'
import { compact, validate } from '../schemas/validate.ts'
import { jsonOfValue } from '../values/json-of-value.ts'
import { secretText } from '../values/text.ts'
import type { Value } from '../values/value.ts'
import { typed } from './operand.ts'
import { passThrough } from './result.ts'

/** `fn::validate`: the value, after it was compared with a schema. */
export function evaluateValidate(scope: Scope, call: CallOf<'validate'>): Value {
  const schema = typed(scope, call.parts.schema, schemaOfSchemas())
  const { unknown, pending } = schema.value.deep
  if (pending) {
    // The schema decides what of the value is evaluated at all.
    scope.round.finalityPending = true
    return scope.unknown(call, true, true)
  }
  const secrets = secretTexts(schema.value)
  const redact = (summary: string) => {
    spend(secrets.length * (1 + (summary.length >>> 5)))
    return secrets.reduce((text, plaintext) => text.replaceAll(plaintext, secretText), summary)
  }
  let compiled: Schema = true
  if (schema.ok && !unknown) {
    try {
      compiled = compileSchema(schemaFromJson(jsonOfValue(schema.value)))
    } catch (error) {
      if (!(error instanceof SchemaError) && !(error instanceof PatternError)) throw error
      scope.error(redact(`invalid schema: ${error.message}`), call.parts.schema)
    }
  }
  const value = scope.evaluate(call.parts.value, compiled, undefined)
  validate(value, compiled, (summary, at) => scope.round.report(redact(summary), at))
  return passThrough(scope, call, value, {})
}

/** The secret texts in a schema, which messages about it would tell; the longest first. */
function secretTexts(value: Value): readonly string[] {
  if (!value.deep.secret) return []
  const found = new Set<string>()
  const visit = (part: Value, inSecret: boolean): void => {
    if (!inSecret && !part.deep.secret) return
    spend(4)
    const secret = inSecret || part.secret
    const content = part.content
    if (secret && (content.kind === 'string' || content.kind === 'number')) {
      // As it is, and as it looks in JSON and in quotes.
      for (const text of [content.text, compact(content.text).slice(1, -1), quote(content.text).slice(1, -1)])
        if (text !== '') found.add(text)
    } else if (content.kind === 'array') for (const element of content.elements) visit(element, secret)
    else if (content.kind === 'map') for (const [, child] of part.entries) visit(child, secret)
  }
  visit(value, false)
  return [...found].sort((a, b) => b.length - a.length)
}
