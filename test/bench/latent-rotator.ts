import type { Rotator } from '../../src/rotators/index.ts'
import { type Secret, secret } from '../../src/secret.ts'

interface State {
  readonly current: Secret<string>
  readonly previous?: Secret<string>
}
interface Pending {
  readonly token: Secret<string>
}

const tokenSchema = { type: 'string', secret: true } as const
const stateSchema = {
  type: 'object',
  properties: { current: tokenSchema, previous: tokenSchema },
  required: ['current'],
} as const

/**
 * Tokens of a vendor in memory, each of whose answers takes a while: one call to list, to create,
 * to log in, to delete.
 */
export function latentRotator({
  latencyMs,
  target,
}: {
  readonly latencyMs: number
  /** One for all: they take turns. Undefined: independent. */
  readonly target: () => string | undefined
}): Rotator {
  const answer = () => new Promise((resolve) => setTimeout(resolve, latencyMs))
  const rotator: Rotator<object, State, Pending> = {
    name: 'latent',
    description: 'Tokens of a vendor in memory.',
    inputs: { type: 'object', properties: {} },
    state: stateSchema,
    outputs: stateSchema,
    open: (state) => state && { ...state },
    target,
    async plan() {
      await answer()
      return { steps: [] }
    },
    async rotate(_plan, _request, stage, context) {
      const token = secret(Buffer.from(context.random(18)).toString('base64url'))
      await stage({ token })
      await answer()
    },
    async reconcile({ token }, { state }) {
      await answer()
      return { kind: 'rotated', state: { current: token, ...(state && { previous: state.current }) } }
    },
    retire: async () => void (await answer()),
  }
  return rotator as unknown as Rotator
}
