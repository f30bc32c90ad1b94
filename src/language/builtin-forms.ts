import { nearest } from '../suggestion.ts'
import type { ObjectNode, StringNode } from '../yaml/index.ts'
import { type Call, type Expression, isStringLiteral, type StringLiteral } from './expression.ts'

/** Parts of the expression parser that the form of a call is checked with. */
interface CallParser {
  /** Number of the next expression. */
  nextId(): number
  error(summary: string, at: Expression): void
  /** Stands for an operand that was left out or cannot be used. */
  missing(): Expression
}

const unary: ReadonlySet<string> = new Set([
  'fn::concat',
  'fn::final',
  'fn::fromBase64',
  'fn::fromJSON',
  'fn::toBase64',
  'fn::toJSON',
  'fn::toString',
  'fn::toYAML',
])
const others: ReadonlySet<string> = new Set([
  'fn::join',
  'fn::open',
  'fn::rotate',
  'fn::secret',
  'fn::split',
  'fn::validate',
])

/** Whether a mapping whose only key this is calls a builtin. */
export function isBuiltinKey(key: string): boolean {
  return (
    key.startsWith('fn::') &&
    (unary.has(key) || others.has(key) || key.startsWith('fn::open::') || key.startsWith('fn::rotate::'))
  )
}

/** Comparing names takes the product of their lengths. */
const longestName = 100

/** The hint for an unknown function: what to write instead. */
export function functionHint(key: string): string {
  const [, name = '', rest] = /^fn::((?:(?!::).)*)(::.*)?$/is.exec(key) ?? []
  const names = [...unary, ...others].map((each) => each.slice('fn::'.length)).sort()
  const best = name.length > longestName ? undefined : nearest(name, names)
  const suffix = rest !== undefined && (best === 'open' || best === 'rotate') ? rest : ''
  const suggestion = best === undefined ? '' : `did you mean fn::${best}${suffix}? `
  const calls = names.map((each) => `fn::${each}`).join(', ')
  return `${suggestion}there are ${calls}; plugins can add providers for fn::open and rotators for fn::rotate`
}

/**
 * Checks the form of a call's argument. A mistake is reported, and what cannot be used
 * becomes a missing operand.
 */
export function parseCall(
  parser: CallParser,
  id: number,
  node: ObjectNode,
  keyNode: StringNode,
  argument: Expression,
): Call {
  const key = keyNode.value
  const call = { kind: 'call', id, node, key, keyNode, argument } as const
  if (unary.has(key)) {
    if (key === 'fn::concat' && argument.kind !== 'array')
      parser.error('the argument to fn::concat must be an array of arrays', argument)
    return { ...call, name: key.slice('fn::'.length) as 'concat' }
  }
  if (key === 'fn::join') {
    const [delimiter, values] = pair(parser, key, argument)
    return { ...call, name: 'join', delimiter, values }
  }
  if (key === 'fn::split') {
    const [delimiter, string] = pair(parser, key, argument)
    return { ...call, name: 'split', delimiter, string }
  }
  if (key === 'fn::secret') return { ...call, name: 'secret', ...secretOperand(parser, argument) }
  if (key === 'fn::validate') {
    if (argument.kind !== 'object') {
      parser.error("the argument to fn::validate must be an object containing 'schema' and 'value'", argument)
      return { ...call, name: 'validate', schema: parser.missing(), value: parser.missing() }
    }
    const schema = required(parser, argument, 'schema', "missing required property 'schema'")
    const value = required(parser, argument, 'value', "missing required property 'value'")
    return { ...call, name: 'validate', schema, value }
  }
  const rotate = key.startsWith('fn::rotate')
  const prefix = rotate ? 'fn::rotate::' : 'fn::open::'
  if (key.startsWith(prefix)) {
    const provider: StringLiteral = {
      kind: 'string',
      id: parser.nextId(),
      node: keyNode,
      value: key.slice(prefix.length),
    }
    if (!rotate) return { ...call, name: 'open', provider, inputs: argument, short: true }
    if (argument.kind !== 'object') {
      parser.error("the argument to fn::rotate must be an object containing 'inputs' and 'state'", argument)
      const operands = { provider: undefined, inputs: parser.missing(), state: parser.missing() }
      return { ...call, name: 'rotate', ...operands, short: true }
    }
    const inputs = required(parser, argument, 'inputs', "missing provider inputs ('inputs')")
    return { ...call, name: 'rotate', provider, inputs, state: rotationState(parser, argument), short: true }
  }
  if (argument.kind !== 'object') {
    const fields = rotate ? "'provider', 'inputs' and 'state'" : "'provider' and 'inputs'"
    parser.error(`the argument to ${key} must be an object containing ${fields}`, argument)
    const operands = { provider: undefined, inputs: parser.missing(), short: false }
    if (rotate) return { ...call, name: 'rotate', ...operands, state: parser.missing() }
    return { ...call, name: 'open', ...operands }
  }
  const provider = providerName(parser, argument)
  const inputs = required(parser, argument, 'inputs', "missing provider inputs ('inputs')")
  if (!rotate) return { ...call, name: 'open', provider, inputs, short: false }
  return { ...call, name: 'rotate', provider, inputs, state: rotationState(parser, argument), short: false }
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

function pair(parser: CallParser, key: string, argument: Expression): readonly [Expression, Expression] {
  if (argument.kind === 'array') {
    const [first, second, third] = argument.elements
    if (first !== undefined && second !== undefined && third === undefined) return [first, second]
  }
  parser.error(`the argument to ${key} must be a two-valued list`, argument)
  return [parser.missing(), parser.missing()]
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
