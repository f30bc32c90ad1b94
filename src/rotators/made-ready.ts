import type { Plain, PlainObject } from '../plain.ts'
import type { Plan, Rotator, RotatorContext } from './rotator.ts'
import { isSocketPath } from './server-address.ts'
import { type Tls, usableTls } from './tls/index.ts'

/** Paths of the inputs that are made ready before use, such as `database.tls`. */
export interface ConnectionInputs {
  readonly tls: readonly string[]
  /** A host that may be the path of a unix socket. */
  readonly host?: string
}

/**
 * A rotator whose connection inputs are made ready before each step: TLS is checked, files
 * of authorities are read, and the use of a unix socket is allowed. The rotator itself
 * sees certificates alone.
 */
export function madeReady<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  rotator: Rotator<Inputs, State, Pending, RotationPlan>,
  places: ConnectionInputs,
): Rotator<Inputs, State, Pending, RotationPlan> {
  const { retire, check } = rotator
  const ready = async <R extends { readonly inputs: Inputs }>(request: R, context: RotatorContext): Promise<R> => {
    let inputs = request.inputs as PlainObject
    const host = places.host === undefined ? undefined : at(inputs, places.host.split('.'))
    if (typeof host === 'string' && isSocketPath(host)) await context.network?.allowSocket?.(host)
    for (const place of places.tls) {
      const steps = place.split('.')
      const tls = at(inputs, steps) as Tls | undefined
      if (tls === undefined) continue
      inputs = replaced(inputs, steps, await usableTls(tls, { rotator: rotator.name, place }, context))
    }
    return { ...request, inputs: inputs as Inputs }
  }
  return {
    ...rotator,
    plan: async (request, context) => rotator.plan(await ready(request, context), context),
    rotate: async (plan, request, stage, context) =>
      rotator.rotate(plan, await ready(request, context), stage, context),
    reconcile: async (pending, request, context) => rotator.reconcile(pending, await ready(request, context), context),
    ...(retire && {
      retire: async (superseded, request, context) => retire(superseded, await ready(request, context), context),
    }),
    ...(check && { check: async (request, context) => check(await ready(request, context), context) }),
  }
}

function at(value: Plain | undefined, steps: readonly string[]): Plain | undefined {
  return steps.reduce<Plain | undefined>((found, step) => (found as PlainObject | undefined)?.[step], value)
}

function replaced(object: PlainObject, [step = '', ...rest]: readonly string[], value: Plain): PlainObject {
  const inner = rest.length === 0 ? value : replaced(object[step] as PlainObject, rest, value)
  return { ...object, [step]: inner }
}
