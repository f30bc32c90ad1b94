import type { SchemaObject } from '../../schema/index.ts'
import type { Secret } from '../../secret.ts'
import { inStock, type RandomBytes } from '../random-choice.ts'
import type { Plan, PlanStep, Rotator } from '../rotator.ts'

export type GeneratedState = {
  readonly current: Secret<string>
  readonly previous?: Secret<string>
}

export type GeneratedPending = { readonly value: Secret<string> }

export interface GeneratedPlan extends Plan {
  readonly generate: (random: RandomBytes) => Promise<Secret<string>>
}

const shape: SchemaObject = {
  type: 'object',
  properties: { current: { type: 'string', secret: true }, previous: { type: 'string', secret: true } },
  required: ['current'],
}

export interface GeneratedSecret<Inputs> {
  readonly name: string
  readonly description: string
  readonly example: string
  readonly inputs: SchemaObject
  /**
   * Refuses inputs that no secret can satisfy; says in words what would be made, such as
   * `password of 16 characters`.
   */
  prepare(inputs: Inputs): { readonly what: string; readonly generate: GeneratedPlan['generate'] }
}

/**
 * A rotator whose secret lives nowhere but in the environment: the new value becomes
 * `current`, the old one `previous`.
 */
export function generatedSecret<Inputs>(
  kind: GeneratedSecret<Inputs>,
): Rotator<Inputs, GeneratedState, GeneratedPending, GeneratedPlan> {
  return {
    name: kind.name,
    description: kind.description,
    example: kind.example,
    inputs: kind.inputs,
    state: shape,
    outputs: shape,
    local: true,

    open: (state) => state,

    target: () => undefined,

    async plan({ inputs, state }) {
      const { what, generate } = kind.prepare(inputs)
      const steps: PlanStep[] = [{ action: 'create', what }]
      if (state !== undefined) steps.push({ action: 'keep', what: `current ${kind.name} as previous` })
      if (state?.previous !== undefined) steps.push({ action: 'delete', what: `previous ${kind.name}` })
      return { steps, generate }
    },

    async rotate(plan, _request, stage, context) {
      await stage({ value: await plan.generate(inStock(context.random)) })
    },

    // There is no remote side, so a staged value is never worth undoing, unless the history went on
    // without it: nobody has seen it then. Where the state has it already, an earlier run committed
    // it and died before it cleared its record.
    async reconcile({ value }, { state, movedOn }) {
      const isKnown = [state?.current, state?.previous].some((each) => each?.reveal() === value.reveal())
      if (state !== undefined && isKnown) return { kind: 'rotated', state }
      if (movedOn) return { kind: 'undone', reason: `${kind.name}: a later rotation made another one` }
      return { kind: 'rotated', state: { current: value, ...(state && { previous: state.current }) } }
    },
  }
}
