import { spend } from '../../budget.ts'
import { type CallOf, type Expression, expressionsIn } from '../../language/index.ts'
import { joinPath } from '../../yaml/index.ts'
import { callId, isFailure, type RotatorCall } from '../calls.ts'
import type { Scope } from '../evaluation.ts'
import { exportInputs } from '../export/export-value.ts'
import type { ExportedMap } from '../export/exported.ts'
import { typedInputs } from '../schemas/typed-inputs.ts'
import type { Value } from '../values/value.ts'
import { onceForAll } from './once-for-all.ts'
import { answerOf, callContextOf, declaredTypes, inputsMap, withoutRawBytes } from './open.ts'
import { typed } from './operand.ts'

/** `fn::rotate`: rotates the credential if it is selected, and reads the current one. */
export function evaluateRotate(scope: Scope, call: CallOf<'rotate'>): Value {
  spend(120)
  const { round } = scope
  const { request, answers } = round
  if (call.provider === undefined) return scope.unknown(call)
  const name = call.provider.value
  const signature = answers.rotators.get(name)
  if (signature === undefined) {
    round.ask({ kind: 'rotator', id: callId('rotator', '', name), name })
    return scope.unknown(call, true, true)
  }
  const types = declaredTypes(scope, call, signature)
  const inputs = onceForAll(scope, call.inputs, () => typedInputs(scope, call.inputs, types.inputs))
  const state = onceForAll(scope, call.state, () => typed(scope, call.state, types.state))
  const path = call.node?.path ?? ''
  const rotating = request.mode === 'rotate' && scope.isRoot
  const selected = rotating && (request.rotate === undefined || request.rotate.has(path))
  const pending = inputs.value.deep.pending || state.value.deep.pending
  const stop = () => {
    if (selected && !pending) round.rotations.push({ path, status: 'not-evaluated', diagnostics: [] })
    return scope.unknown(call, types.outputs, pending)
  }
  const known = inputs.ok && state.ok && !state.value.deep.unknown && !observableUnknowns(inputs.value, rotating)
  if (pending || !known || request.mode === 'check' || isFailure(signature)) return stop()

  const kind = selected ? 'rotate' : 'openRotator'
  const id = callId(kind, scope.name, path)
  const statePath = `${joinPath(path, call.key)}.state`
  const placed = { kind, id, provider: name, context: callContextOf(scope, call), statePath } as const
  const inputMap = () => inputsMap(scope, call.inputs, inputs.value)
  const oldState = () => stateMap(scope, call.state, state.value)
  if (answers.results.has(id)) round.ask(answeredCall(placed, inputMap, oldState))
  else {
    const [asked, former] = [inputMap(), oldState()]
    if (asked === undefined || former === 'unusable') return stop()
    round.ask({ ...placed, inputs: asked, state: former })
  }
  const rotated = selected ? answers.results.get(id) : undefined
  if (selected && rotated === undefined) return scope.unknown(call, types.outputs, true)
  if (rotated !== undefined && isFailure(rotated)) {
    const { range } = scope.definitionOf(call)
    const { error: summary, hint, thrown } = rotated
    const diagnostic = { severity: 'error', summary, path, range, ...(hint && { hint }) } as const
    round.rotations.push({ path, status: 'failed', diagnostics: [diagnostic] })
    scope.error(`rotate: ${summary}`, call, { cause: 'rotate', ...(hint && { hint }), thrown })
    return scope.unknown(call, types.outputs)
  }
  if (rotated !== undefined) {
    const patch = { docPath: statePath, replacement: rotated.value, envelopes: envelopesIn(scope, call.state) }
    round.rotations.push({ path, status: 'succeeded', diagnostics: [], patch })
  }
  // Whoever rotates reads the new credential right away, so that is known by now too.
  return answerOf(scope, call, callId('openRotator', scope.name, path), types.outputs)
}

/**
 * A call that has its answer. It was asked with inputs and a state that could be used, and hardly
 * anybody looks at them again, so they are worked out for those who do.
 */
function answeredCall(
  placed: Omit<RotatorCall, 'inputs' | 'state'>,
  inputs: () => ExportedMap | undefined,
  state: () => ExportedMap | undefined | 'unusable',
): RotatorCall {
  return {
    ...placed,
    get inputs() {
      return inputs() ?? {}
    },
    get state() {
      const former = state()
      return former === 'unusable' ? undefined : former
    },
  }
}

function stateMap(scope: Scope, expression: Expression, state: Value): ExportedMap | undefined | 'unusable' {
  if (state.kind === 'null') return undefined
  if (state.kind === 'map') return withoutRawBytes(scope, expression, state) ? exportInputs(state) : 'unusable'
  scope.error('the rotation state must be an object', expression)
  return 'unusable'
}

/** The envelopes that stand in a state, by the plaintext they were opened to. */
function envelopesIn(scope: Scope, state: Expression): ReadonlyMap<string, string> {
  const envelopes = new Map<string, string>()
  for (const expression of expressionsIn(state)) {
    if (expression.kind !== 'call' || expression.name !== 'secret' || !expression.ciphertext) continue
    const opened = scope.valueOf(expression)
    if (opened?.content.kind === 'string') envelopes.set(opened.content.text, expression.ciphertext.value)
  }
  return envelopes
}

/**
 * True when inputs are unknown that the call needs: without a rotation, those that only a
 * rotation resolves do not count.
 */
function observableUnknowns(value: Value, rotating: boolean, copied = false): boolean {
  const inCopy = copied || value.copied
  if (value.unknown) return rotating || !value.rotateOnly || copied
  if (!value.deep.unknown) return false
  if (value.content.kind === 'array')
    return value.content.elements.some((element) => observableUnknowns(element, rotating, inCopy))
  return value.entries.some(([, child]) => observableUnknowns(child, rotating, inCopy))
}
