import type { Expression } from '../../language/index.ts'
import type { Schema } from '../../schema/index.ts'
import type { Operand, Scope } from '../evaluation.ts'
import { validate } from '../schemas/validate.ts'

/** The value of an operand and whether it is what the call expects. */
export function typed(scope: Scope, expression: Expression, accept: Schema): Operand {
  const value = scope.evaluate(expression, accept, undefined)
  return { value, ok: validate(value, accept, (summary, at) => scope.round.report(summary, at)) }
}
