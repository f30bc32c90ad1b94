import { spend } from '../../budget.ts'
import { bytesOf, decodeText, hasRawBytes, join, stringOfUnits } from '../../raw-bytes.ts'
import { arrayOf, stringSchema } from '../../schema/index.ts'
import { textOfValue } from '../values/text.ts'
import { Value } from '../values/value.ts'
import type { Evaluators } from './evaluator.ts'
import { typed } from './operand.ts'
import { boundedText, elementsOf, failed, resultOf, stringOf } from './result.ts'

const strings = arrayOf(stringSchema)

/** Builtins that make texts and take them apart. */
export const texts: Pick<Evaluators, 'join' | 'split' | 'toString'> = {
  join(scope, call) {
    const delimiter = typed(scope, call.parts.delimiter, stringSchema)
    const values = typed(scope, call.parts.values, strings)
    if (!delimiter.ok || !values.ok) return failed(scope, call, delimiter.value, values.value)
    return resultOf(scope, call, [delimiter.value, values.value], () => {
      const [pieces, between] = [elementsOf(values.value).map(stringOf), stringOf(delimiter.value)]
      const length = pieces.reduce((sum, piece, i) => sum + piece.length + (i === 0 ? 0 : between.length), 0)
      return boundedText(scope, call, length, () => join(pieces, between))
    })
  },

  split(scope, call) {
    const delimiter = typed(scope, call.parts.delimiter, stringSchema)
    const text = typed(scope, call.parts.string, stringSchema)
    if (!delimiter.ok || !text.ok) return failed(scope, call, delimiter.value, text.value)
    const operands = [delimiter.value, text.value]
    const definition = scope.definitionOf(call)
    return resultOf(scope, call, operands, () => {
      // The pieces of a secret are as secret as the whole.
      const secret = operands.some((operand) => operand.deep.secret)
      spend(stringOf(text.value).length >>> 2)
      const pieces = splitText(stringOf(text.value), stringOf(delimiter.value))
      const elements = pieces.map((piece) =>
        Value.of(definition, { kind: 'string', text: piece }, { secret, schema: stringSchema }),
      )
      return { kind: 'array', elements }
    })
  },

  toString(scope, call) {
    const value = scope.evaluate(call.argument, true, undefined)
    const { text, unknown, secret } = textOfValue(value)
    if (unknown) return Value.unknown(scope.definitionOf(call), stringSchema, { secret, pending: value.deep.pending })
    const content = boundedText(scope, call, text.length, () => text)
    if (content === undefined) return failed(scope, call, value)
    return Value.of(scope.definitionOf(call), content, { secret, schema: stringSchema })
  },
}

function splitText(text: string, delimiter: string): readonly string[] {
  if (delimiter === '') return [...text]
  if (!hasRawBytes(text) && !hasRawBytes(delimiter)) return text.split(delimiter)
  const binary = (s: string) => stringOfUnits(bytesOf(s))
  const pieces = binary(text).split(binary(delimiter))
  return pieces.map((piece) => decodeText(Uint8Array.from(piece, (c) => c.charCodeAt(0))))
}
