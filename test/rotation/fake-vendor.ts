import { EscError } from '../../src/errors.ts'
import type { Rotator, RotatorContext } from '../../src/rotators/index.ts'
import { type Secret, secret } from '../../src/secret.ts'

/**
 * Stands for the process being killed: nothing after it runs, and nobody catches it to clean up.
 */
export class Killed extends Error {}

/**
 * A vendor with two places for tokens, as IAM has: enough to see every outcome a rotation can have.
 */
export class FakeVendor {
  /** Live tokens by id. */
  readonly tokens = new Map<string, string>()
  readonly log: string[] = []
  places = 2
  /** Called before each remote call; throws to make it fail. */
  before: (call: string) => void = () => {}
  /** Called after each remote call took effect; throws to lose its answer. */
  after: (call: string) => void = () => {}
  #count = 0
  #running = 0
  /** The most calls that were ever under way at the same time. */
  peak = 0

  async call<T>(name: string, work: () => T): Promise<T> {
    this.#running++
    this.peak = Math.max(this.peak, this.#running)
    await new Promise((resolve) => setTimeout(resolve, 1))
    try {
      this.before(name)
      const result = work()
      this.log.push(name)
      this.after(name)
      return result
    } finally {
      this.#running--
    }
  }

  create(id: string, token: string): void {
    if (this.tokens.size >= this.places)
      throw new EscError('provider_failed', 'the vendor has no room for another token')
    this.tokens.set(id, token)
  }

  nextId(): string {
    this.#count++
    return `token-${this.#count}`
  }
}

interface Token {
  readonly id: string
  readonly token: Secret<string>
}
interface State {
  readonly current: Token
  readonly previous?: Token
}
interface Pending {
  readonly new: Token
  readonly retire?: string
}

const tokenSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, token: { type: 'string', secret: true } },
  required: ['id', 'token'],
} as const
const stateSchema = {
  type: 'object',
  properties: { current: tokenSchema, previous: tokenSchema },
  required: ['current'],
} as const

/** `room`: the vendor has a third place, so the superseded token goes only after the commit. */
export function fakeRotator(vendor: FakeVendor, options: { readonly room?: boolean } = {}): Rotator {
  const { room = false } = options
  const rotator: Rotator<{ name: string }, State, Pending> = {
    name: 'fake',
    description: 'Tokens of a vendor in memory.',
    inputs: {
      type: 'object',
      properties: { name: { type: 'string' }, login: { type: 'string', secret: true } },
      required: ['name'],
      rotateOnly: ['login'],
    },
    state: stateSchema,
    outputs: stateSchema,
    open: (state) =>
      state && { current: { ...state.current }, ...(state.previous && { previous: { ...state.previous } }) },
    target: ({ name }) => `fake ${name}`,
    async plan({ inputs, state }) {
      await vendor.call('list', () => {})
      if (inputs.name === 'bad')
        throw new EscError('invalid_input', "fake: `name` is 'bad'", { hint: 'choose another name' })
      return { steps: [{ action: 'create', what: `token ${state ? 'beside the current one' : 'for the first time'}` }] }
    },
    async rotate(_plan, { state }, stage, context) {
      const fresh = { id: vendor.nextId(), token: secret(newToken(context)) }
      await stage({ new: fresh, ...(state?.previous && !room && { retire: state.previous.id }) })
      if (state?.previous && !room) await vendor.call('delete', () => vendor.tokens.delete(state.previous!.id))
      await vendor.call('create', () => vendor.create(fresh.id, fresh.token.reveal()))
    },
    async reconcile(pending, { state }) {
      const { id, token } = pending.new
      if (state && [state.current.id, state.previous?.id].includes(id)) return { kind: 'rotated', state }
      const works = await vendor.call('log in', () => vendor.tokens.get(id) === token.reveal())
      if (works)
        return {
          kind: 'rotated',
          state: { current: pending.new, ...(state && state.current.id !== id && { previous: state.current }) },
        }
      return { kind: 'undone', reason: `token ${id} was never created` }
    },
  }
  if (room) {
    rotator.retire = async (superseded, { state }) => {
      const kept = [state?.current.id, state?.previous?.id]
      for (const token of [superseded.current, superseded.previous]) {
        if (token && !kept.includes(token.id)) await vendor.call('delete', () => vendor.tokens.delete(token.id))
      }
    }
  }
  return rotator as unknown as Rotator
}

function newToken(context: RotatorContext): string {
  return Buffer.from(context.random(18)).toString('base64url')
}
