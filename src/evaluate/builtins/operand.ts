import type { Expression } from '../../language/index.ts'
import type { Schema } from '../../schema/index.ts'
import type { Scope } from '../evaluation.ts'
import { validate } from '../schemas/validate.ts'
import type { Value } from '../values/value.ts'

/** An operand's value and whether it is what the call expects; if not, that has been reported. */
export function typed(scope: Scope, expression: Expression, accept: Schema): { value: Value; ok: boolean } {
  const value = scope.evaluate(expression, accept, undefined)
  return { value, ok: validate(value, accept, (summary, at) => scope.round.report(summary, at)) }
}
