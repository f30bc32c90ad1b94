import { type Expression, expressionsIn } from '../../language/index.ts'
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
  if (!operand.value.deep.pending && round.diagnostics.length === reported && isLiteral(expression))
    literals.set(expression, { ...operand, scope })
  return operand
}

function isLiteral(operand: Expression): boolean {
  for (const each of expressionsIn(operand)) {
    if (each.kind === 'symbol' || each.kind === 'interpolation' || each.kind === 'missing') return false
    if (each.kind === 'call' && each.name !== 'secret') return false
  }
  return true
}
