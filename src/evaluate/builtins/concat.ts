import { allocate, spend } from '../../budget.ts'
import type { CallOf } from '../../language/index.ts'
import { arrayOf } from '../../schema/index.ts'
import type { Scope } from '../evaluation.ts'
import type { Value } from '../values/value.ts'
import { typed } from './operand.ts'
import { elementsOf, failed, resultOf } from './result.ts'

const lists = arrayOf(arrayOf(true))

/** `fn::concat`: the elements of several lists in one. */
export function evaluateConcat(scope: Scope, call: CallOf<'concat'>): Value {
  const { value, ok } = typed(scope, call.argument, lists)
  if (!ok) return failed(scope, call, value)
  return resultOf(scope, call, [value], () => {
    const parts = elementsOf(value).map(elementsOf)
    const length = parts.reduce((sum, list) => sum + list.length, 0)
    spend(length)
    allocate(8 * length)
    return { kind: 'array', elements: parts.flat() }
  })
}
