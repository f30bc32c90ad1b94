import type { CallOf } from '../../language/index.ts'
import type { Scope } from '../evaluation.ts'
import type { Value } from '../values/value.ts'
import { passThrough } from './result.ts'

/** `fn::final`: the value, which nothing may override. */
export function evaluateFinal(scope: Scope, call: CallOf<'final'>): Value {
  return passThrough(scope, call, scope.evaluate(call.argument, true, undefined), { final: true })
}
