import { expect } from 'chai'
import type { PlainObject } from '../../src/plain.ts'
import type { Rotator } from '../../src/rotators/index.ts'
import { Secret, secret } from '../../src/secret.ts'
import { contract, type Subject } from '../../src/testkit/index.ts'
import { FakeVendor, fakeRotator } from '../rotation/fake-vendor.ts'

type Change = (rotator: Rotator, vendor: FakeVendor) => Partial<Record<keyof Rotator, unknown>>
// biome-ignore lint/suspicious/noExplicitAny: records and states of the fake, whose shape this test knows
type Any = any

/** A vendor with room for a third token, which holds one already. */
function subject(change: Change = () => ({})): Subject<PlainObject, PlainObject, PlainObject, Any> {
  return async (enter) => {
    const vendor = new FakeVendor()
    vendor.places = 3
    vendor.create('first', 'the-first-token')
    vendor.before = () => enter().pass('remote', 'before')
    vendor.after = () => enter().pass('remote', 'after')
    const rotator = fakeRotator(vendor, { room: true })
    return {
      rotator: { ...rotator, ...change(rotator, vendor) } as Rotator,
      inputs: { name: 'one', login: secret('the-login-of-one') },
      state: { current: { id: 'first', token: secret('the-first-token') } },
      async checkCurrent({ current }: Any) {
        expect(vendor.tokens.get(current.id)).to.equal(current.token.reveal())
      },
      async checkAgreement(state) {
        const known = Object.values((state ?? {}) as Any).map(({ id }: Any) => id)
        expect([...vendor.tokens.keys()].sort()).to.deep.equal(known.sort())
      },
      close: async () => {},
    }
  }
}

/** Titles of the cases that fail. */
async function failing(change?: Change): Promise<string[]> {
  const failed: string[] = []
  for (const { title, run } of contract(subject(change))) {
    try {
      await run()
    } catch {
      failed.push(title.split(/ (?:every|without|to a|no|nothing,|nothing when) ?/)[0]!)
    }
  }
  return failed
}

describe('contract()', () => {
  it('has nothing against a rotator that keeps it', async () => {
    expect(await failing()).to.deep.equal([])
  })

  it('registers its cases with `it`', () => {
    const titles: string[] = []
    const cases = contract(subject(), { it: (title) => titles.push(title) })
    expect(titles).to.deep.equal(cases.map(({ title }) => title))
    expect(titles).to.have.lengthOf(8)
  })

  const broken: Record<string, readonly [Change, string]> = {
    'lacks a method': [() => ({ reconcile: undefined }), 'has'],
    'has a schema that does not call a secret by its name': [
      () => ({ state: { type: 'object', properties: { current: { type: 'object', sekret: true } } } }),
      'has',
    ],
    'creates in its plan': [
      (rotator, vendor) => ({
        plan: async (request: Any, context: Any) => {
          vendor.create(vendor.nextId(), 'x')
          return rotator.plan(request, context)
        },
      }),
      'plans',
    ],
    'has a plan that says nothing': [() => ({ plan: async () => ({ steps: [] }) }), 'plans'],
    'sends before it stages': [
      (_rotator, vendor) => ({
        rotate: async (_plan: Any, _request: Any, stage: Any, context: Any) => {
          const fresh = { id: vendor.nextId(), token: secret(Buffer.from(context.random(9)).toString('hex')) }
          await vendor.call('create', () => vendor.create(fresh.id, fresh.token.reveal()))
          await stage({ new: fresh })
        },
      }),
      'loses',
    ],
    'gives up what it had made': [
      (rotator) => ({
        reconcile: async (pending: Any, request: Any, context: Any) => {
          await rotator.reconcile(pending, request, context)
          return { kind: 'undone', reason: 'no patience' }
        },
      }),
      'rotates',
    ],
    'does not reconcile twice': [
      (_rotator, vendor) => ({
        reconcile: async (pending: Any, { state }: Any) => {
          const works = await vendor.call('log in', () => vendor.tokens.has(pending.new.id))
          if (!works || state.current.id === pending.new.id) return { kind: 'undone', reason: 'it is not new' }
          return { kind: 'rotated', state: { current: pending.new, previous: state.current } }
        },
      }),
      'loses',
    ],
    'retires what is still in use': [
      (_rotator, vendor) => ({
        retire: async (superseded: Any) => vendor.tokens.delete(superseded.current.id),
      }),
      'rotates',
    ],
    'forgets to retire': [() => ({ retire: async () => {} }), 'rotates'],
    'says a secret': [
      (rotator) => ({
        plan: async (request: Any, context: Any) => {
          context.progress(`logging in with ${request.inputs.login.reveal()}`)
          return rotator.plan(request, context)
        },
      }),
      'shows',
    ],
    'stages what no journal can keep': [
      (_rotator, vendor) => ({
        rotate: async (_plan: Any, _request: Any, stage: Any) => {
          const fresh = { id: vendor.nextId(), token: secret('x'.repeat(9)), at: new Date() }
          await stage({ new: fresh })
          await vendor.call('create', () => vendor.create(fresh.id, fresh.token.reveal()))
        },
      }),
      'rotates',
    ],
    'returns a state that is not of its type': [
      (rotator) => ({
        reconcile: async (pending: Any, request: Any, context: Any) => {
          const reconciled: Any = await rotator.reconcile(pending, request, context)
          return reconciled.kind === 'rotated'
            ? { kind: 'rotated', state: { previous: reconciled.state.current } }
            : reconciled
        },
      }),
      'rotates',
    ],
    'makes a credential current again that was rotated out': [
      () => ({
        retire: undefined,
        reconcile: async (pending: Any, { state }: Any) => ({
          kind: 'rotated',
          state: { current: pending.new, ...(state && { previous: state.current }) },
        }),
      }),
      'keeps the state when a record is restored after its rotation was saved, or after later rotations',
    ],
    'checks by deleting': [
      (_rotator, vendor) => ({
        check: async () => {
          vendor.tokens.clear()
          return []
        },
      }),
      'changes',
    ],
  }
  for (const [what, [change, title]] of Object.entries(broken)) {
    it(`finds a rotator that ${what}`, async () => {
      expect(await failing(change)).to.include(title)
    })
  }

  it('hands the saved state on as the schema has it, secrets as Secret', async () => {
    const seen: unknown[] = []
    const plain: Change = (rotator) => ({
      plan: async (request: Any, context: Any) => {
        seen.push(request.state.current.token)
        return rotator.plan(request, context)
      },
      reconcile: async (pending: Any, request: Any, context: Any) => {
        const reconciled: Any = await rotator.reconcile(pending, request, context)
        if (reconciled.kind === 'undone') return reconciled
        const { id, token } = reconciled.state.current
        return { kind: 'rotated', state: { ...reconciled.state, current: { id, token: token.reveal() } } }
      },
    })
    await failing(plain)
    expect(seen.every((token) => token instanceof Secret)).to.equal(true)
  })
})
