import { nearest } from '../suggestion.ts'
import type { ObjectNode, StringNode } from '../yaml/index.ts'
import { type BuiltinName, builtin, builtinNames } from './builtins.ts'
import { type Call, type Expression, isStringLiteral, type StringLiteral } from './expression.ts'

/** Parts of the expression parser that the form of a call is checked with. */
interface CallParser {
  /** Number of the next expression. */
  nextId(): number
  error(summary: string, at: Expression): void
  /** Stands for an operand that was left out or cannot be used. */
  missing(): Expression
}

/** Comparing names takes the product of their lengths. */
const longestName = 100

/** The hint for an unknown function: what to write instead. */
export function functionHint(key: string): string {
  const [, name = '', rest] = /^fn::((?:(?!::).)*)(::.*)?$/is.exec(key) ?? []
  const best = name.length > longestName ? undefined : nearest(name, builtinNames)
  const suffix = rest !== undefined && best !== undefined && builtin(best).shape.kind === 'provider' ? rest : ''
  const suggestion = best === undefined ? '' : `did you mean fn::${best}${suffix}? `
  const calls = builtinNames.map((each) => `fn::${each}`).join(', ')
  return `${suggestion}there are ${calls}; plugins can add providers for fn::open and rotators for fn::rotate`
}

/**
 * Checks the form of a call's argument. A mistake is reported, and what cannot be used
 * becomes a missing operand.
 */
export function parseCall(
  parser: CallParser,
  id: number,
  name: BuiltinName,
  node: ObjectNode,
  keyNode: StringNode,
  argument: Expression,
): Call {
  const call = { kind: 'call', id, node, name, key: keyNode.value, keyNode, argument } as const
  // The operands are those of the builtin's shape, as `Call` says it name by name.
  return { ...call, ...operands(parser, call) } as Call
}

/** A call as it is written, before its argument is looked at. */
interface Written {
  readonly name: BuiltinName
  readonly key: string
  readonly keyNode: StringNode
  readonly argument: Expression
}

function operands(parser: CallParser, call: Written): object {
  const { shape } = builtin(call.name)
  switch (shape.kind) {
    case 'argument':
      if (shape.list !== undefined && call.argument.kind !== 'array') refuse(parser, call, shape.list)
      return { shape: shape.kind }
    case 'pair':
      return { shape: shape.kind, parts: pair(parser, call, Object.keys(shape.parts)) }
    case 'object':
      return { shape: shape.kind, parts: namedParts(parser, call, Object.keys(shape.parts)) }
    case 'secret':
      return { shape: shape.kind, ...secretOperand(parser, call.argument) }
    case 'provider':
      return { shape: shape.kind, ...providerOperands(parser, call, shape.state) }
  }
}

function refuse(parser: CallParser, { name, argument }: Written, wanted: string): void {
  parser.error(`the argument to fn::${name} must be ${wanted}`, argument)
}

/** An object of the operands with these names. */
function parts(names: readonly string[], part: (name: string, index: number) => Expression): object {
  return Object.fromEntries(names.map((name, index) => [name, part(name, index)]))
}

function pair(parser: CallParser, call: Written, names: readonly string[]): object {
  const { argument } = call
  if (argument.kind === 'array' && argument.elements.length === names.length)
    return parts(names, (_, index) => argument.elements[index] ?? parser.missing())
  refuse(parser, call, 'a two-valued list')
  return parts(names, () => parser.missing())
}

function namedParts(parser: CallParser, call: Written, names: readonly string[]): object {
  const { argument } = call
  if (argument.kind === 'object')
    return parts(names, (name) => required(parser, argument, name, `missing required property '${name}'`))
  refuse(parser, call, `an object containing ${inQuotes(names)}`)
  return parts(names, () => parser.missing())
}

function providerOperands(parser: CallParser, call: Written, hasState: boolean): object {
  const { name, key, keyNode, argument } = call
  const prefix = `fn::${name}::`
  const short = key.startsWith(prefix)
  const inKey: StringLiteral | undefined = short
    ? { kind: 'string', id: parser.nextId(), node: keyNode, value: key.slice(prefix.length) }
    : undefined
  if (short && !hasState) return { provider: inKey, inputs: argument, state: undefined, short }
  if (argument.kind !== 'object') {
    const names = ['provider', 'inputs', 'state'].slice(short ? 1 : 0, hasState ? 3 : 2)
    refuse(parser, call, `an object containing ${inQuotes(names)}`)
    const inputs = parser.missing()
    return { provider: undefined, inputs, state: hasState ? parser.missing() : undefined, short }
  }
  const provider = inKey ?? providerName(parser, argument)
  const inputs = required(parser, argument, 'inputs', "missing provider inputs ('inputs')")
  return { provider, inputs, state: hasState ? rotationState(parser, argument) : undefined, short }
}

/** Returns `'a', 'b' and 'c'`. */
function inQuotes(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`)
  const last = quoted.pop()
  return quoted.length === 0 ? `${last}` : `${quoted.join(', ')} and ${last}`
}

type ObjectArgument = Extract<Expression, { kind: 'object' }>

/** The operand under a key: the last one when the key is repeated. */
function operand(argument: ObjectArgument, key: string): Expression | undefined {
  return argument.entries.findLast((entry) => entry.valid && entry.key === key)?.value
}

function required(parser: CallParser, argument: ObjectArgument, key: string, absent: string): Expression {
  const found = operand(argument, key)
  if (found === undefined) parser.error(absent, argument)
  return found ?? parser.missing()
}

function providerName(parser: CallParser, argument: ObjectArgument): StringLiteral | undefined {
  const name = operand(argument, 'provider')
  if (name === undefined) parser.error("missing provider name ('provider')", argument)
  else if (!isStringLiteral(name)) parser.error('provider name must be a string literal', name)
  return isStringLiteral(name) ? name : undefined
}

function rotationState(parser: CallParser, argument: ObjectArgument): Expression {
  const state = operand(argument, 'state')
  if (state === undefined) return { kind: 'null', id: parser.nextId(), node: undefined }
  if (state.kind !== 'object') parser.error('rotation state must be an object literal', state)
  return state
}

function secretOperand(
  parser: CallParser,
  argument: Expression,
): { plaintext: StringLiteral | undefined; ciphertext: StringLiteral | undefined } {
  if (isStringLiteral(argument)) return { plaintext: argument, ciphertext: undefined }
  const only = argument.kind === 'object' && argument.entries.length === 1 ? argument.entries[0] : undefined
  if (only?.valid && only.key === 'ciphertext' && isStringLiteral(only.value))
    return { plaintext: undefined, ciphertext: only.value }
  parser.error('secret values must be string literals', argument)
  return { plaintext: { kind: 'string', id: parser.nextId(), node: undefined, value: '' }, ciphertext: undefined }
}
