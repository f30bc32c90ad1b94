import { allocate, spend } from '../../budget.ts'
import {
  Base64Error,
  type Call,
  decodeBase64,
  decodeEnvelope,
  type Expression,
  encodeBase64,
  type SecretCall,
} from '../../language/index.ts'
import { bytesOf, hasRawBytes, join, stringOfUnits, textOf } from '../../raw-bytes.ts'
import { JsonSyntaxError, parseJsonPrefix } from '../../read-json.ts'
import {
  arrayOf,
  compileSchema,
  PatternError,
  type Schema,
  SchemaError,
  schemaFromJson,
  schemaOfSchemas,
  stringSchema,
} from '../../schema/index.ts'
import { quote } from '../../yaml/index.ts'
import { callId, isFailure } from '../calls.ts'
import type { Scope } from '../evaluation.ts'
import { compact, validate } from '../schemas/validate.ts'
import { isWellFormed, jsonOfValue, lengthOf } from '../values/json-of-value.ts'
import { maxTextLength, secretText, textOfValue } from '../values/text.ts'
import { type Content, type Flags, Value } from '../values/value.ts'
import { valueOfJson } from '../values/value-of-json.ts'
import { yamlOf } from '../values/yaml-of-json.ts'
import { evaluateOpen } from './open.ts'
import { typed } from './operand.ts'
import { evaluateRotate } from './rotate.ts'

const strings = arrayOf(stringSchema)
const anyArray = arrayOf(true)

/** The value of a call, without what it overlays. */
export function evaluateCall(scope: Scope, call: Call): Value {
  switch (call.name) {
    case 'secret':
      return evaluateSecret(scope, call)
    case 'open':
      return evaluateOpen(scope, call)
    case 'rotate':
      return evaluateRotate(scope, call)
    case 'join': {
      const [delimiter, values] = [typed(scope, call.delimiter, stringSchema), typed(scope, call.values, strings)]
      if (!delimiter.ok || !values.ok) return failed(scope, call, stringSchema, delimiter.value, values.value)
      return result(scope, call, stringSchema, [delimiter.value, values.value], () => {
        const [pieces, between] = [elementsOf(values.value).map(stringOf), stringOf(delimiter.value)]
        const length = pieces.reduce((sum, piece, i) => sum + piece.length + (i === 0 ? 0 : between.length), 0)
        return string(scope, call, length, () => join(pieces, between))
      })
    }
    case 'split':
      return evaluateSplit(scope, call.delimiter, call.string, call)
    case 'concat': {
      const { value, ok } = typed(scope, call.argument, arrayOf(anyArray))
      if (!ok) return failed(scope, call, anyArray, value)
      return result(scope, call, anyArray, [value], () => {
        const lists = elementsOf(value).map(elementsOf)
        const length = lists.reduce((sum, list) => sum + list.length, 0)
        spend(length)
        allocate(8 * length)
        return { kind: 'array', elements: lists.flat() }
      })
    }
    case 'toJSON':
    case 'toYAML': {
      const value = scope.evaluate(call.argument, true, undefined)
      return result(scope, call, stringSchema, [value], () => {
        const json = jsonOfValue(value)
        if (!isWellFormed(json)) {
          const problem = `fn::${call.name} cannot hold bytes that are no UTF-8, and has U+FFFD in their place; pass them through fn::toBase64`
          scope.round.report(problem, scope.definitionOf(call), 'warning')
        }
        return string(scope, call, lengthOf(json), () => (call.name === 'toJSON' ? compact(json) : yamlOf(json)))
      })
    }
    case 'fromJSON':
      return evaluateFromJson(scope, call)
    case 'toString': {
      const value = scope.evaluate(call.argument, true, undefined)
      const { text, unknown, secret } = textOfValue(value)
      if (unknown) return Value.unknown(scope.definitionOf(call), stringSchema, { secret, pending: value.deep.pending })
      const content = string(scope, call, text.length, () => text)
      if (content === undefined) return failed(scope, call, stringSchema, value)
      return Value.of(scope.definitionOf(call), content, { secret, schema: stringSchema })
    }
    case 'toBase64': {
      const { value, ok } = typed(scope, call.argument, stringSchema)
      if (!ok) return failed(scope, call, stringSchema, value)
      return result(scope, call, stringSchema, [value], () => {
        const text = stringOf(value)
        spend(text.length >>> 2)
        return string(scope, call, Math.ceil((text.length * 4) / 3), () => encodeBase64(bytesOf(text)))
      })
    }
    case 'fromBase64': {
      const { value, ok } = typed(scope, call.argument, stringSchema)
      if (!ok) return failed(scope, call, stringSchema, value)
      return result(scope, call, stringSchema, [value], () => {
        try {
          spend(stringOf(value).length)
          return { kind: 'string', text: textOf(decodeBase64(stringOf(value))) }
        } catch (error) {
          if (!(error instanceof Base64Error)) throw error
          scope.error(`decoding base64 string: ${error.message}`, call)
          return undefined
        }
      })
    }
    case 'final':
      return passThrough(scope, call, scope.evaluate(call.argument, true, undefined), { final: true })
    case 'validate':
      return evaluateValidate(scope, call)
  }
}

function failed(scope: Scope, call: Call, schema: Schema, ...operands: Value[]): Value {
  return scope.unknown(
    call,
    schema,
    operands.some((operand) => operand.deep.pending),
  )
}

/**
 * What a call makes of known operands. Unknown ones make it unknown, secret ones secret; no
 * content: unknown as well.
 */
function result(
  scope: Scope,
  call: Call,
  schema: Schema,
  operands: readonly Value[],
  make: () => Content | undefined,
): Value {
  const secret = operands.some((operand) => operand.deep.secret)
  const pending = operands.some((operand) => operand.deep.pending)
  const definition = scope.definitionOf(call)
  const content = pending || operands.some((operand) => operand.deep.unknown) ? undefined : make()
  if (content === undefined) return Value.unknown(definition, schema, { secret, pending })
  return Value.of(definition, content, { secret, schema })
}

/** Text within bounds. It is made only when `length`, which it has at least, is within them. */
function string(scope: Scope, call: Call, length: number, make: () => string): Content | undefined {
  if (length <= maxTextLength) {
    spend(length >>> 4)
    const text = make()
    if (text.length <= maxTextLength) return { kind: 'string', text }
  }
  scope.error('the text is too long', call)
  return undefined
}

function stringOf(value: Value): string {
  return value.content.kind === 'string' ? value.content.text : ''
}

function elementsOf(value: Value): readonly Value[] {
  return value.content.kind === 'array' ? value.content.elements : []
}

function evaluateSecret(scope: Scope, call: SecretCall): Value {
  if (call.plaintext) return scope.evaluate(call.plaintext, true, undefined).withFlags({ secret: true })
  const { round } = scope
  const definition = scope.definitionOf(call)
  const unknown = (pending = false) => Value.unknown(definition, stringSchema, { secret: true, pending })
  let ciphertext: Uint8Array
  try {
    ciphertext = decodeEnvelope(call.ciphertext?.value ?? '')
  } catch (error) {
    scope.error(`invalid ciphertext: ${error instanceof Error ? error.message : String(error)}`, call)
    return unknown()
  }
  if (round.request.mode === 'check' && !round.request.showSecrets) return unknown()
  const key = round.answers.decrypters.get(scope.name)
  if (key === undefined) {
    round.ask({ kind: 'unlock', id: callId('unlock', scope.name), environment: scope.name })
    return unknown(true)
  }
  let problem: string
  if (isFailure(key)) problem = key.error
  else {
    try {
      return Value.of(
        definition,
        { kind: 'string', text: key.decrypt(ciphertext) },
        { secret: true, schema: stringSchema },
      )
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
  }
  scope.error(`decrypting: ${problem}`, call)
  return unknown()
}

function evaluateSplit(scope: Scope, delimiterExpression: Expression, stringExpression: Expression, call: Call): Value {
  const delimiter = typed(scope, delimiterExpression, stringSchema)
  const text = typed(scope, stringExpression, stringSchema)
  if (!delimiter.ok || !text.ok) return failed(scope, call, strings, delimiter.value, text.value)
  const operands = [delimiter.value, text.value]
  const definition = scope.definitionOf(call)
  return result(scope, call, strings, operands, () => {
    // The pieces of a secret are as secret as the whole.
    const secret = operands.some((operand) => operand.deep.secret)
    spend(stringOf(text.value).length >>> 2)
    const pieces = split(stringOf(text.value), stringOf(delimiter.value))
    const elements = pieces.map((piece) =>
      Value.of(definition, { kind: 'string', text: piece }, { secret, schema: stringSchema }),
    )
    return { kind: 'array', elements }
  })
}

function split(text: string, delimiter: string): readonly string[] {
  if (delimiter === '') return [...text]
  if (!hasRawBytes(text) && !hasRawBytes(delimiter)) return text.split(delimiter)
  const binary = (s: string) => stringOfUnits(bytesOf(s))
  const pieces = binary(text).split(binary(delimiter))
  return pieces.map((piece) => textOf(Uint8Array.from(piece, (c) => c.charCodeAt(0))))
}

function evaluateFromJson(scope: Scope, call: Call): Value {
  const definition = scope.definitionOf(call)
  const { value, ok } = typed(scope, call.argument, stringSchema)
  if (!ok) return failed(scope, call, true, value)
  const { unknown, secret, pending } = value.deep
  if (unknown || pending) return Value.unknown(definition, true, { secret, pending })
  try {
    spend(stringOf(value).length)
    allocate(stringOf(value).length)
    if (hasRawBytes(stringOf(value)))
      scope.round.report(
        'the JSON text has bytes that are no UTF-8, and U+FFFD is read in their place',
        definition,
        'warning',
      )
    return valueOfJson(parseJsonPrefix(stringOf(value)), definition, { secret })
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    // Not even one character of a secret is told.
    const cause = secret ? error.message.replace(/^(invalid character) '.*?' /su, '$1 ') : error.message
    scope.error(`decoding JSON string: ${cause}`, call)
    return Value.unknown(definition, true, { secret })
  }
}

function evaluateValidate(scope: Scope, call: Call & { name: 'validate' }): Value {
  const schema = typed(scope, call.schema, schemaOfSchemas())
  const { unknown, pending } = schema.value.deep
  if (pending) {
    // The schema decides what of the value is evaluated at all.
    scope.round.finalityPending = true
    return scope.unknown(call, true, true)
  }
  const secrets = secretTexts(schema.value)
  const redact = (summary: string) => {
    spend(secrets.length * (1 + (summary.length >>> 5)))
    return secrets.reduce((text, plaintext) => text.replaceAll(plaintext, secretText), summary)
  }
  let compiled: Schema = true
  if (schema.ok && !unknown) {
    try {
      compiled = compileSchema(schemaFromJson(jsonOfValue(schema.value)))
    } catch (error) {
      if (!(error instanceof SchemaError) && !(error instanceof PatternError)) throw error
      scope.error(redact(`invalid schema: ${error.message}`), call.schema)
    }
  }
  const value = scope.evaluate(call.value, compiled, undefined)
  validate(value, compiled, (summary, at) => scope.round.report(redact(summary), at))
  return passThrough(scope, call, value, {})
}

/** The secret texts in a schema, which messages about it would tell; the longest first. */
function secretTexts(value: Value): readonly string[] {
  if (!value.deep.secret) return []
  const found = new Set<string>()
  const visit = (part: Value, inSecret: boolean): void => {
    if (!inSecret && !part.deep.secret) return
    spend(4)
    const secret = inSecret || part.secret
    const content = part.content
    if (secret && (content.kind === 'string' || content.kind === 'number')) {
      // As it is, and as it looks in JSON and in quotes.
      for (const text of [content.text, compact(content.text).slice(1, -1), quote(content.text).slice(1, -1)])
        if (text !== '') found.add(text)
    } else if (content.kind === 'array') for (const element of content.elements) visit(element, secret)
    else if (content.kind === 'map') for (const [, child] of part.entries) visit(child, secret)
  }
  visit(value, false)
  return [...found].sort((a, b) => b.length - a.length)
}

/** The operand's own content as the result of the call; what the operand overlays is lost. */
function passThrough(scope: Scope, call: Call, operand: Value, flags: Flags): Value {
  const { unknown, secret, pending } = operand.deep
  const options = { ...flags, unknown, secret, pending, schema: operand.schema, listsOwn: true }
  return Value.of(scope.definitionOf(call), operand.ownContent, options)
}
