import { spend } from '../../budget.ts'
import { builtin, type Call } from '../../language/index.ts'
import type { Scope } from '../evaluation.ts'
import type { ValueFlags } from '../values/flags.ts'
import { maxTextLength } from '../values/text.ts'
import { type Content, Value } from '../values/value.ts'

/** The result of a call whose operands are not what it expects, which has been reported. */
export function failed(scope: Scope, call: Call, ...operands: Value[]): Value {
  const pending = operands.some((operand) => operand.deep.pending)
  return scope.unknown(call, builtin(call.name).result, pending)
}

/**
 * Returns the result of a call for known operands. Unknown ones make it unknown, secret ones
 * secret; no content: unknown as well.
 */
export function resultOf(scope: Scope, call: Call, operands: readonly Value[], make: () => Content | undefined): Value {
  const schema = builtin(call.name).result
  const secret = operands.some((operand) => operand.deep.secret)
  const pending = operands.some((operand) => operand.deep.pending)
  const definition = scope.definitionOf(call)
  const content = pending || operands.some((operand) => operand.deep.unknown) ? undefined : make()
  if (content === undefined) return Value.unknown(definition, schema, { secret, pending })
  return Value.of(definition, content, { secret, schema })
}

/** Text within bounds. It is made only when `length`, which it has at least, is within them. */
export function boundedText(scope: Scope, call: Call, length: number, make: () => string): Content | undefined {
  if (length <= maxTextLength) {
    spend(length >>> 4)
    const text = make()
    if (text.length <= maxTextLength) return { kind: 'string', text }
  }
  scope.error('the text is too long', call)
  return undefined
}

/** The text of a value that is a string. */
export function stringOf(value: Value): string {
  return value.content.kind === 'string' ? value.content.text : ''
}

/** The elements of a value that is an array. */
export function elementsOf(value: Value): readonly Value[] {
  return value.content.kind === 'array' ? value.content.elements : []
}

/** The operand's own content as the result of the call; what the operand overlays is lost. */
export function passThrough(scope: Scope, call: Call, operand: Value, flags: ValueFlags): Value {
  const { unknown, secret, pending } = operand.deep
  const options = { ...flags, unknown, secret, pending, schema: operand.schema, ownKeysOnly: true }
  return Value.of(scope.definitionOf(call), operand.ownContent, options)
}
