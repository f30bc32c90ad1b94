import { expect } from 'chai'
import type { PlainObject } from '../../../src/plain.ts'
import type { IssuedPending, IssuedPlan, IssuedState } from '../../../src/rotators/issued/kit/index.ts'
import { Dropped } from '../../fakes/vendor-fake.ts'
import { sample, slow, strideOf } from '../../sample.ts'
import { type Cut, Gate, Killed, type Subject, sweep } from '../contract.ts'
import { rotateOnce } from '../rotation-run.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { testContext } from '../test-context.ts'
import type { IssuedVendor, Lag } from './issued-vendor.ts'
import { issuedVendors } from './issued-vendors.ts'

type State = IssuedState<PlainObject>
type Situation = { readonly state: State | undefined; readonly foreign: readonly string[] }

function subjectOf(
  start: (lag?: Lag) => Promise<IssuedVendor>,
  prepare: (vendor: IssuedVendor) => Situation,
  lag: Lag,
): Subject<PlainObject, State, IssuedPending<PlainObject>, IssuedPlan> {
  return async (enter) => {
    const vendor = await start(lag)
    const { state, foreign } = prepare(vendor)
    guard(vendor, enter)
    // Superseded credentials stay until they are retired, which comes after the commit.
    const everOurs = new Set(idsOf(vendor, state))
    return {
      rotator: vendor.rotator,
      inputs: vendor.inputs,
      state,
      async checkCurrent({ current }) {
        expect(vendor.holds(current), 'current is gone').to.equal(true)
      },
      async checkAgreement(after) {
        for (const id of idsOf(vendor, after)) everOurs.add(id)
        expect([...everOurs, ...foreign], 'unknown credential').to.include.members(vendor.ids())
        expect(vendor.ids(), 'foreign').to.include.members([...foreign])
        for (const credential of [after?.current, after?.previous]) {
          if (credential !== undefined) expect(vendor.holds(credential), vendor.idOf(credential)).to.equal(true)
        }
      },
      close: () => vendor.stop(),
    }
  }
}

function guard(vendor: IssuedVendor, enter: () => Gate): void {
  const pass = (when: 'before' | 'after') => () => {
    try {
      enter().pass('remote', when)
    } catch {
      throw new Dropped()
    }
  }
  vendor.fake.hooks = { before: pass('before'), after: pass('after') }
}

function idsOf(vendor: IssuedVendor, state: State | undefined): string[] {
  return [state?.current, state?.previous].flatMap((each) => (each === undefined ? [] : [vendor.idOf(each)]))
}

/** In usual runs others each time. */
const swept = sample(Object.entries(issuedVendors), 3)

for (const [name, start] of swept) {
  describe(`${name}, killed anywhere`, function () {
    const twice = slow
    this.timeout(twice ? 600_000 : 60_000)
    const slowVendor = { unknownFor: 2, unlistedFor: 2, lingersFor: 2 }
    const sweepOf = (prepare: (vendor: IssuedVendor) => Situation) =>
      sweep(subjectOf(start, prepare, slowVendor), { twice, stride: strideOf(5) })

    itKeepsTheState(
      'first rotation',
      subjectOf(start, () => ({ state: undefined, foreign: [] }), slowVendor),
    )
    itKeepsTheState(
      'second rotation',
      subjectOf(start, (vendor) => ({ state: { current: vendor.add() }, foreign: [] }), slowVendor),
    )

    it('loses nothing in the first rotation', async () => {
      const outcomes = await sweepOf(() => ({ state: undefined, foreign: [] }))
      expect(outcomes).to.include('after stage 2: rotated').and.include('after stage 1: undone')
    })

    it('loses nothing in the second rotation', async () => {
      await sweepOf((vendor) => ({ state: { current: vendor.add() }, foreign: [] }))
    })

    it('loses nothing in the third, beside foreign ones', async () => {
      const outcomes = await sweepOf((vendor) => {
        const previous = vendor.add()
        const foreign = vendor.idOf(vendor.add())
        return { state: { previous, current: vendor.add() }, foreign: [foreign] }
      })
      expect(outcomes.some((outcome) => outcome.endsWith('rotated'))).to.equal(true)
      expect(outcomes.some((outcome) => outcome.endsWith('undone'))).to.equal(true)
    })

    it('retires the superseded one and no other, however often it is killed', async () => {
      const retirement = async (cut: Cut | undefined): Promise<number> => {
        const vendor = await start()
        try {
          const superseded = { previous: vendor.add(), current: vendor.add() }
          const foreign = vendor.idOf(vendor.add())
          const state = await rotateOnce({ ...vendor, state: superseded, context: testContext() })
          let gate = new Gate(cut)
          guard(vendor, () => gate)
          const context = testContext()
          const mortal = {
            ...context,
            async sleep(ms: number) {
              if (gate.dead) throw new Killed()
              await context.sleep(ms)
            },
          }
          const request = { inputs: vendor.inputs, state }
          let failure: unknown
          await vendor.rotator.retire!(superseded, request, mortal).catch((error) => {
            failure = error
          })
          expect(gate.dead, String(failure)).to.equal(failure !== undefined)
          const passed = gate.passed.remote
          gate = new Gate()
          await vendor.rotator.retire!(superseded, request, testContext())
          const kept = [state.current, state.previous!].map((each) => vendor.idOf(each))
          expect(vendor.ids()).to.have.members([...kept, foreign])
          return passed
        } finally {
          await vendor.stop()
        }
      }
      const messages = await retirement(undefined)
      expect(messages).to.be.greaterThan(0)
      for (let nth = 1; nth <= messages; nth++) {
        for (const when of ['before', 'after'] as const) await retirement({ at: 'remote', nth, when })
      }
    })
  })
}
