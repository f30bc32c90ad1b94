import { type CallOf, decodeEnvelope } from '../../language/index.ts'
import { stringSchema } from '../../schema/index.ts'
import { callId, type Failure, failureOf, isFailure } from '../calls.ts'
import type { Scope } from '../evaluation.ts'
import { Value } from '../values/value.ts'

/** `fn::secret`: the plaintext, decrypted where the evaluation may see it. */
export function evaluateSecret(scope: Scope, call: CallOf<'secret'>): Value {
  if (call.plaintext) return scope.evaluate(call.plaintext, true, undefined).withFlags({ secret: true })
  const { round } = scope
  const definition = scope.definitionOf(call)
  const unknown = (pending = false) => Value.unknown(definition, stringSchema, { secret: true, pending })
  let ciphertext: Uint8Array
  try {
    ciphertext = ciphertextOf(call)
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
  let failure: Failure
  if (isFailure(key)) failure = key
  else {
    try {
      return Value.of(
        definition,
        { kind: 'string', text: key.decrypt(ciphertext) },
        { secret: true, schema: stringSchema },
      )
    } catch (error) {
      failure = failureOf(error)
    }
  }
  scope.error(`decrypting: ${failure.error}`, call, { thrown: failure.thrown })
  return unknown()
}

/** The decoded ciphertext of each call, which all rounds, and all evaluations, have in common. */
const ciphertexts = new WeakMap<CallOf<'secret'>, Uint8Array>()

function ciphertextOf(call: CallOf<'secret'>): Uint8Array {
  let ciphertext = ciphertexts.get(call)
  if (ciphertext === undefined) {
    ciphertext = decodeEnvelope(call.ciphertext?.value ?? '')
    ciphertexts.set(call, ciphertext)
  }
  return ciphertext
}
