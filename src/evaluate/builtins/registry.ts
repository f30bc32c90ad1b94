import type { Call } from '../../language/index.ts'
import type { Scope } from '../evaluation.ts'
import type { Value } from '../values/value.ts'
import { base64 } from './base64.ts'
import { evaluateConcat } from './concat.ts'
import type { Evaluators } from './evaluator.ts'
import { evaluateFinal } from './final.ts'
import { json } from './json.ts'
import { evaluateOpen } from './open.ts'
import { evaluateRotate } from './rotate.ts'
import { evaluateSecret } from './secret.ts'
import { texts } from './texts.ts'
import { evaluateValidate } from './validate.ts'

const evaluators: Evaluators = {
  ...base64,
  ...json,
  ...texts,
  concat: evaluateConcat,
  final: evaluateFinal,
  open: evaluateOpen,
  rotate: evaluateRotate,
  secret: evaluateSecret,
  validate: evaluateValidate,
}

/** The value of a call, without what it overlays. */
export function evaluateCall(scope: Scope, call: Call): Value {
  const evaluate = evaluators[call.name] as (scope: Scope, call: Call) => Value
  return evaluate(scope, call)
}
