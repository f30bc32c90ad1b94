import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import type { Provider } from '../providers/index.ts'
import type { Plan, Reconciled, Rotator } from '../rotators/index.ts'
import type { Schema } from '../schema/index.ts'
import { dataFault, withSecretsOf } from './plain-data.ts'

/**
 * A rotator whose answers are what the contract says. A mistake shows before anything was changed
 * where that can be, and what its schemas call secret is secret whether or not it says so itself:
 * it is never saved or shown in the clear.
 */
export function guardRotator(rotator: Rotator, plugin: string): Rotator {
  const { name, description, inputs, state, outputs } = rotator
  const who = `rotator ${name} of ${plugin}`
  const data = (value: Plain, what: string, schema: Schema) => dataOf(value, { who, what, schema })
  return {
    name,
    description,
    inputs,
    state,
    outputs,

    open(from, known) {
      const value = rotator.open(from, known)
      return value === undefined ? undefined : data(value, 'outputs', outputs)
    },

    target(of) {
      const target: unknown = rotator.target(of)
      if (target === undefined || typeof target === 'string') return target
      throw mistake(who, 'its target is not text')
    },

    async plan(request, context) {
      const plan = await rotator.plan(request, context)
      if (!isPlan(plan)) throw mistake(who, 'its plan has no steps')
      return plan
    },

    rotate(plan, request, stage, context) {
      const checked = async (pending: PlainObject) => {
        // The journal could not keep it, so the remote change that it stands for must not be made.
        const fault = isObject(pending) ? dataFault(pending, 'record') : 'record is not an object'
        if (fault !== undefined) throw mistake(who, `it stages what is not data: ${fault}`)
        await stage(pending)
      }
      return rotator.rotate(plan, request, checked, context)
    },

    async reconcile(pending, request, context) {
      const reconciled: Reconciled<PlainObject> = await rotator.reconcile(pending, request, context)
      if (reconciled?.kind === 'undone') return { kind: 'undone', reason: String(reconciled.reason) }
      if (reconciled?.kind !== 'rotated' || !isObject(reconciled.state)) {
        throw mistake(who, 'its reconcile returned neither a new state nor `undone`')
      }
      return { kind: 'rotated', state: data(reconciled.state, 'state', state) as PlainObject }
    },

    ...(rotator.retire && {
      retire: async (superseded, request, context) => rotator.retire?.(superseded, request, context),
    }),

    ...(rotator.retarget && {
      retarget(pending, inputs) {
        const moved = rotator.retarget?.(pending, inputs)
        const fault = isObject(moved) ? dataFault(moved, 'record') : 'record is not an object'
        if (fault !== undefined) throw mistake(who, `its retarget returned what is not data: ${fault}`)
        return moved as PlainObject
      },
    }),

    ...(rotator.check && {
      check: async (request, context) => (await rotator.check?.(request, context)) ?? [],
    }),
  }
}

/** A provider whose answer is data, and secret where its schema says so. */
export function guardProvider(provider: Provider, plugin: string): Provider {
  const { name, description, inputs, outputs } = provider
  const who = `provider ${name} of ${plugin}`
  return {
    name,
    description,
    inputs,
    outputs,
    open: async (given, context) =>
      dataOf(await provider.open(given, context), { who, what: 'outputs', schema: outputs }),
  }
}

function dataOf(value: Plain, { who, what, schema }: { readonly who: string; readonly what: string; schema: Schema }) {
  const fault = value === undefined ? `${what} is undefined` : dataFault(value, what)
  if (fault !== undefined) throw mistake(who, `it returned what is not data: ${fault}`)
  return withSecretsOf(schema, value)
}

function isPlan(plan: unknown): plan is Plan {
  return isObject(plan) && 'steps' in plan && Array.isArray(plan.steps) && plan.steps.every(isStep)
}

function isStep(step: unknown): boolean {
  return isObject(step) && 'action' in step && 'what' in step && typeof step.what === 'string'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mistake(who: string, what: string): EscError {
  return new EscError('rotation_failed', `${who} breaks the contract: ${what}`, {
    hint: 'this is a bug of the plugin: mend or update it',
  })
}
