import { allocate, spend } from '../../budget.ts'
import type { Json } from '../../json.ts'
import type { CallOf } from '../../language/index.ts'
import { hasRawBytes } from '../../raw-bytes.ts'
import { JsonSyntaxError, parseJsonPrefix } from '../../read-json.ts'
import { stringSchema } from '../../schema/index.ts'
import type { Scope } from '../evaluation.ts'
import { compact } from '../schemas/validate.ts'
import { isWellFormed, jsonOfValue, lengthOf } from '../values/json-of-value.ts'
import { Value } from '../values/value.ts'
import { valueOfJson } from '../values/value-of-json.ts'
import { yamlOf } from '../values/yaml-of-json.ts'
import type { Evaluators } from './evaluator.ts'
import { typed } from './operand.ts'
import { boundedText, failed, resultOf, stringOf } from './result.ts'

/** Builtins that read JSON and write values as JSON and YAML. */
export const json: Pick<Evaluators, 'fromJSON' | 'toJSON' | 'toYAML'> = {
  toJSON: (scope, call) => write(scope, call, compact),
  toYAML: (scope, call) => write(scope, call, yamlOf),

  fromJSON(scope, call) {
    const definition = scope.definitionOf(call)
    const { value, ok } = typed(scope, call.argument, stringSchema)
    if (!ok) return failed(scope, call, value)
    const { unknown, secret, pending } = value.deep
    if (unknown || pending) return Value.unknown(definition, true, { secret, pending })
    try {
      spend(stringOf(value).length)
      allocate(stringOf(value).length)
      if (hasRawBytes(stringOf(value)))
        scope.round.report(
          'the JSON text has bytes that are not UTF-8, and U+FFFD is read in their place',
          definition,
          'warning',
        )
      return valueOfJson(parseJsonPrefix(stringOf(value)), definition, { secret })
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error
      // Not even one character of a secret is told.
      const cause = secret ? error.discreet : error.message
      scope.error(`decoding JSON string: ${cause}`, call)
      return Value.unknown(definition, true, { secret })
    }
  },
}

function write(scope: Scope, call: CallOf<'toJSON' | 'toYAML'>, textOf: (json: Json) => string): Value {
  const value = scope.evaluate(call.argument, true, undefined)
  return resultOf(scope, call, [value], () => {
    const written = jsonOfValue(value)
    if (!isWellFormed(written)) {
      const problem = `fn::${call.name} cannot hold bytes that are not UTF-8, and has U+FFFD in their place; pass them through fn::toBase64`
      scope.round.report(problem, scope.definitionOf(call), 'warning')
    }
    return boundedText(scope, call, lengthOf(written), () => textOf(written))
  })
}
