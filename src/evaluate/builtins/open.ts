import { spend } from '../../budget.ts'
import type { CallOf, Expression } from '../../language/index.ts'
import { hasRawBytes } from '../../raw-bytes.ts'
import type { Schema } from '../../schema/index.ts'
import { joinPath } from '../../yaml/index.ts'
import { besidesOf, callId, type Failure, isFailure, type Signature } from '../calls.ts'
import type { Scope } from '../evaluation.ts'
import { exportInputs } from '../export/export-value.ts'
import type { ExportedMap } from '../export/exported.ts'
import type { CallContext } from '../host.ts'
import { typedInputs } from '../schemas/typed-inputs.ts'
import { valueOfExported } from '../values/convert.ts'
import type { Value } from '../values/value.ts'

/** `fn::open`: validates the inputs, asks for the call and takes in its answer. */
export function evaluateOpen(scope: Scope, call: CallOf<'open'>): Value {
  spend(120)
  const { round } = scope
  if (call.provider === undefined) return scope.unknown(call)
  const name = call.provider.value
  const signature = round.answers.providers.get(name)
  if (signature === undefined) {
    round.ask({ kind: 'provider', id: callId('provider', '', name), name })
    return scope.unknown(call, true, true)
  }
  const types = declaredTypes(scope, call, signature)
  const inputs = typedInputs(scope, call.inputs, types.inputs)
  const { unknown, pending } = inputs.value.deep
  if (!inputs.ok || unknown || pending || round.request.mode === 'check' || isFailure(signature))
    return scope.unknown(call, types.outputs, pending)
  const map = inputsMap(scope, call.inputs, inputs.value)
  if (map === undefined) return scope.unknown(call, types.outputs)
  const id = callId('open', scope.name, call.node?.path)
  round.ask({ kind: 'open', id, provider: name, inputs: map, context: callContextOf(scope, call) })
  return answerOf(scope, call, id, types.outputs)
}

/**
 * The types a provider or rotator declares. What cannot be used is reported and counts as `any`.
 */
export function declaredTypes(
  scope: Scope,
  call: Expression,
  signature: Signature | Failure,
): { inputs: Schema; state: Schema; outputs: Schema } {
  if (isFailure(signature)) {
    scope.error(signature.error, call, besidesOf(signature))
    return { inputs: true, state: true, outputs: true }
  }
  const usable = (schema: Schema | Failure, what: string): Schema => {
    if (typeof schema !== 'object' || !isFailure(schema)) return schema as Schema
    scope.error(`internal error: invalid ${what}schema (${(schema as Failure).error})`, call)
    return true
  }
  const inputs = usable(signature.inputs, 'input ')
  const state = usable(signature.state, 'state ')
  return { inputs, state, outputs: usable(signature.outputs, '') }
}

/** The inputs as a provider gets them: known, and an object. */
export function inputsMap(scope: Scope, expression: Expression, inputs: Value): ExportedMap | undefined {
  if (inputs.kind === 'map') return withoutRawBytes(scope, expression, inputs) ? exportInputs(inputs) : undefined
  scope.error(
    `the inputs must be an object, not ${inputs.kind === 'array' ? 'a list' : `a ${inputs.kind}`}`,
    expression,
  )
  return undefined
}

/**
 * Tells whether all texts are texts: providers and rotators get no bytes that are no UTF-8.
 * What is not is reported.
 */
export function withoutRawBytes(scope: Scope, expression: Expression, value: Value): boolean {
  const path = rawBytesIn(value)
  if (path === undefined) return true
  scope.error(
    `${path} holds bytes that are not UTF-8, which cannot be handed over; pass them through fn::toBase64`,
    expression,
  )
  return false
}

/** The path of the first text with bytes that are no UTF-8; undefined when there is none. */
function rawBytesIn(value: Value, path = ''): string | undefined {
  if (value.unknown) return undefined
  const { content } = value
  if (content.kind === 'string') return hasRawBytes(content.text) ? path : undefined
  const parts: Iterable<readonly [string, Value]> =
    content.kind === 'array'
      ? content.elements.map((element, index) => [`${path}[${index}]`, element] as const)
      : content.kind === 'map'
        ? value.entries.map(([key, child]) => [joinPath(path, key), child] as const)
        : []
  for (const [each, part] of parts) {
    const found = rawBytesIn(part, each)
    if (found !== undefined) return found
  }
  return undefined
}

export function callContextOf(scope: Scope, call: Expression): CallContext {
  return {
    rootEnvironment: scope.rootName,
    currentEnvironment: scope.name,
    path: call.node?.path ?? '',
    values: scope.round.request.contextValues,
  }
}

/** The value that a call which was asked for came to. */
export function answerOf(scope: Scope, call: Expression, id: string, outputs: Schema): Value {
  const answer = scope.round.answers.results.get(id)
  if (answer === undefined) return scope.unknown(call, outputs, true)
  if (!isFailure(answer)) {
    for (const each of answer.warnings ?? []) scope.round.report(each, scope.definitionOf(call), 'warning')
    return valueOfExported(answer.value, scope.definitionOf(call))
  }
  scope.error(answer.error, call, besidesOf(answer))
  return scope.unknown(call, outputs)
}
