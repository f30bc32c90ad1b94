import { expect } from 'chai'
import type { GeneratedPending, GeneratedPlan, GeneratedState } from '../../../src/rotators/generated/kit.ts'
import { passphrase } from '../../../src/rotators/generated/passphrase.ts'
import { password } from '../../../src/rotators/generated/password.ts'
import type { Rotator } from '../../../src/rotators/index.ts'
import { secret } from '../../../src/secret.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'

type Generated = Rotator<object, GeneratedState, GeneratedPending, GeneratedPlan>

function subject(
  rotator: Generated,
  state: GeneratedState | undefined,
): Subject<object, GeneratedState, GeneratedPending, GeneratedPlan> {
  return async () => ({
    rotator,
    inputs: {},
    state,
    async checkCurrent({ current }) {
      expect(current.reveal()).to.be.a('string').with.length.greaterThan(7)
    },
    async checkAgreement(after) {
      if (after !== undefined) expect(after.current.reveal()).to.not.equal(after.previous?.reveal())
    },
    close: async () => {},
  })
}

for (const rotator of [password, passphrase] as unknown as readonly Generated[]) {
  describe(`${rotator.name}, killed anywhere`, () => {
    const later = { current: secret('the-current-one'), previous: secret('the-one-before') }

    it('loses nothing', async () => {
      await sweep(subject(rotator, undefined), { twice: true })
      await sweep(subject(rotator, later), { twice: true })
    })

    itKeepsTheState('first rotation', subject(rotator, undefined))
    itKeepsTheState('third rotation', subject(rotator, later))

    it('makes no value current that is the previous one, and drops none that nobody rotated past', async () => {
      const reconcile = (value: string, movedOn: boolean) =>
        rotator.reconcile({ value: secret(value) }, { inputs: {}, state: later, movedOn }, {} as never)
      expect(await reconcile('the-one-before', false)).to.deep.equal({ kind: 'rotated', state: later })
      expect((await reconcile('a-third-one', true)).kind).to.equal('undone')
      expect(await reconcile('a-third-one', false)).to.have.nested.property('state.current')
    })
  })
}
