import { spend } from '../../budget.ts'
import { Base64Error, decodeBase64, encodeBase64 } from '../../language/index.ts'
import { bytesOf, decodeText } from '../../raw-bytes.ts'
import { stringSchema } from '../../schema/index.ts'
import type { Evaluators } from './evaluator.ts'
import { typed } from './operand.ts'
import { boundedText, failed, resultOf, stringOf } from './result.ts'

/** Builtins that read and write base64. */
export const base64: Pick<Evaluators, 'fromBase64' | 'toBase64'> = {
  toBase64(scope, call) {
    const { value, ok } = typed(scope, call.argument, stringSchema)
    if (!ok) return failed(scope, call, value)
    return resultOf(scope, call, [value], () => {
      const text = stringOf(value)
      spend(text.length >>> 2)
      return boundedText(scope, call, Math.ceil((text.length * 4) / 3), () => encodeBase64(bytesOf(text)))
    })
  },

  fromBase64(scope, call) {
    const { value, ok } = typed(scope, call.argument, stringSchema)
    if (!ok) return failed(scope, call, value)
    return resultOf(scope, call, [value], () => {
      try {
        spend(stringOf(value).length)
        return { kind: 'string', text: decodeText(decodeBase64(stringOf(value))) }
      } catch (error) {
        if (!(error instanceof Base64Error)) throw error
        scope.error(`decoding base64 string: ${error.message}`, call)
        return undefined
      }
    })
  },
}
