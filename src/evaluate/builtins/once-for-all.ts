import type { Expression } from '../../language/index.ts'
import type { Operand, Scope } from '../evaluation.ts'

/**
 * The value of an operand and whether it is what its call expects. An operand of nothing but
 * literals and ciphertext comes to the same in every round: once it is known, and no mistake was
 * reported, later rounds take it as it is.
 */
export function onceForAll(scope: Scope, expression: Expression, evaluate: () => Operand): Operand {
  const { round } = scope
  const { literals } = round.request
  const known = literals.get(expression)
  if (known !== undefined) {
    scope.adopt(expression, known.scope)
    return known
  }
  const reported = round.diagnostics.length
  const operand = evaluate()
  if (round.diagnostics.length === reported && isLiteral(expression) && !operand.value.deep.pending)
    literals.set(expression, { ...operand, scope })
  return operand
}

function isLiteral(expression: Expression): boolean {
  switch (expression.kind) {
    case 'symbol':
    case 'interpolation':
    case 'missing':
      return false
    case 'call':
      return expression.name === 'secret' && isLiteral(expression.argument)
    case 'array':
      return expression.elements.every(isLiteral)
    case 'object':
      return expression.entries.every(({ value }) => isLiteral(value))
    default:
      return true
  }
}
