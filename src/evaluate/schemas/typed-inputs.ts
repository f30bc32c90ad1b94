import { spend } from '../../budget.ts'
import type { Expression } from '../../language/index.ts'
import { present } from '../../present.ts'
import type { Schema, SchemaObject } from '../../schema/index.ts'
import type { Scope } from '../evaluation.ts'
import type { Value } from '../values/value.ts'
import type { Report } from './accepts-schema.ts'
import { reportUnknownProperties } from './unknown-properties.ts'
import { own, validate } from './validate.ts'

/**
 * The value of a call's inputs, and whether it is what the provider or rotator expects. Where that
 * is one of several forms, such as `oidc` or `static`, mistakes are told of the form that was
 * meant, with the property that is wrong.
 */
export function typedInputs(scope: Scope, expression: Expression, accept: Schema): { value: Value; ok: boolean } {
  const value = scope.evaluate(expression, accept, undefined)
  const report: Report = (summary, at) => scope.round.report(summary, at)
  const forms = formsOf(accept)
  if (value.unknown || forms === undefined) {
    const ok = validate(value, accept, report)
    if (!ok) reportUnknownProperties(scope, value, accept)
    return { value, ok }
  }
  if (value.kind !== 'map') return { value, ok: validate(value, { type: 'object' }, report) }
  const form = chooseForm(scope, value, forms)
  if (form === undefined) return { value, ok: false }
  const start = `${expression.node?.path ?? ''}.`
  const ok = validate(value, form, (summary, at) => {
    const property = start.length > 1 && at.path.startsWith(start) ? `${at.path.slice(start.length)}: ` : ''
    scope.round.report(`${property}${summary}`, at)
  })
  if (!ok) reportUnknownProperties(scope, value, form)
  return { value, ok }
}

/** A form, and the properties that no other form has. */
interface Form {
  readonly schema: SchemaObject
  readonly marks: readonly string[]
}

/** Returns `undefined` unless there are several forms, each with a property of its own. */
function formsOf(accept: Schema): readonly Form[] | undefined {
  if (typeof accept === 'boolean' || accept.oneOf === undefined || accept.oneOf.length < 2) return undefined
  const schemas: SchemaObject[] = []
  for (const schema of accept.oneOf) {
    if (typeof schema === 'boolean' || schema.properties === undefined) return undefined
    schemas.push(schema)
  }
  const forms = schemas.map((schema) => ({
    schema,
    marks: (schema.required ?? []).filter((name) =>
      schemas.every((other) => other === schema || own(other.properties, name) === undefined),
    ),
  }))
  return forms.every(({ marks }) => marks.length > 0) ? forms : undefined
}

/**
 * The schema of the form that a value means. Undefined: that cannot be told,
 * which has been reported.
 */
function chooseForm(scope: Scope, value: Value, forms: readonly Form[]): SchemaObject | undefined {
  const keys = new Set(value.keys)
  spend(keys.size + 4 * forms.length)
  const meant = forms.filter(({ marks }) => marks.some((name) => keys.has(name)))
  const [first] = meant
  if (first !== undefined && meant.length === 1) return first.schema
  const names = forms.map(({ marks }) => present(marks[0])).join(', ')
  if (meant.length > 1) {
    scope.round.report(`only one of the properties ${names} may be given`, value.definition)
    return undefined
  }
  const properties = Object.assign({}, ...forms.map(({ schema }) => schema.properties))
  reportUnknownProperties(scope, value, { type: 'object', additionalProperties: false, properties })
  scope.round.report(`missing required properties: one of ${names}`, value.definition)
  return undefined
}
