import { expect } from 'chai'
import type {
  SnowflakeInputs,
  SnowflakePending,
  SnowflakePlan,
  SnowflakeState,
} from '../../../src/rotators/chosen/snowflake-user/index.ts'
import { Dropped } from '../../fakes/vendor-fake.ts'
import { slow, strideOf } from '../../sample.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { type SnowflakeAccount, somePrivateKey, startSnowflake } from './snowflake-account.ts'

function subject(
  prepare: (account: SnowflakeAccount) => SnowflakeState | undefined,
): Subject<SnowflakeInputs, SnowflakeState, SnowflakePending, SnowflakePlan> {
  return async (enter) => {
    const account = await startSnowflake({ unknownFor: 1, runsFor: 1 })
    const { fake, inputs, rotator, target } = account
    const state = prepare(account)
    const foreign = account.slots().filter((each) => each !== undefined && !ours(account, state).includes(each))
    const pass = (when: 'before' | 'after') => () => {
      try {
        enter().pass('remote', when)
      } catch {
        throw new Dropped()
      }
    }
    fake.hooks = { before: pass('before'), after: pass('after') }
    return {
      rotator,
      inputs,
      state,
      async checkCurrent({ privateKey }) {
        expect(account.slots()).to.include(account.fingerprintOf(privateKey.reveal()))
      },
      async checkAgreement(after, last) {
        const held = account.slots().filter((each) => each !== undefined)
        expect([...ours(account, after), ...foreign], 'unknown key').to.include.members(held)
        expect(held, 'foreign').to.include.members(foreign)
        if (after === undefined) return
        const current = account.fingerprintOf(after.privateKey.reveal())
        expect(held, 'current').to.include(current)
        if (last === 'rotated') {
          expect(target.slot1?.fingerprint).to.equal(current)
          if (foreign.length === 0) expect(target.slot2?.fingerprint).to.equal(after.previousFingerprint)
        }
      },
      rotatesAgain: foreign.length === 0,
      close: () => account.stop(),
    }
  }
}

function ours(account: SnowflakeAccount, state: SnowflakeState | undefined): (string | undefined)[] {
  return state === undefined
    ? []
    : [account.fingerprintOf(state.privateKey.reveal()), state.previousFingerprint].filter((each) => each !== undefined)
}

describe('snowflake-user, killed anywhere', function () {
  const twice = slow
  this.timeout(twice ? 900_000 : 120_000)

  itKeepsTheState(
    'first rotation',
    subject(() => undefined),
  )
  itKeepsTheState(
    'second rotation',
    subject(({ fake, target, stateOf }) => {
      const current = somePrivateKey()
      target.slot1 = fake.slotOf(current)
      return stateOf(current)
    }),
  )

  it('loses nothing in the first rotation', async () => {
    expect(
      await sweep(
        subject(() => undefined),
        { twice, stride: strideOf(5) },
      ),
    ).to.include('after stage 1: rotated')
  })

  it('loses nothing in the first rotation, beside a foreign key in slot 2', async () => {
    await sweep(
      subject(({ fake, target }) => {
        target.slot2 = fake.slotOf(somePrivateKey())
        return undefined
      }),
      { twice, stride: strideOf(5) },
    )
  })

  it('loses nothing in the second rotation', async () => {
    await sweep(
      subject(({ fake, target, stateOf }) => {
        const current = somePrivateKey()
        target.slot1 = fake.slotOf(current)
        return stateOf(current)
      }),
      { twice, stride: strideOf(5) },
    )
  })

  it('loses nothing where the previous key makes room', async () => {
    const outcomes = await sweep(
      subject(({ fake, target, stateOf }) => {
        const [previous, current] = [somePrivateKey(), somePrivateKey()]
        target.slot1 = fake.slotOf(current)
        target.slot2 = fake.slotOf(previous)
        return stateOf(current, previous)
      }),
      { twice, stride: strideOf(5) },
    )
    expect(outcomes.filter((outcome) => outcome.endsWith('rotated')).length).to.be.greaterThan(slow ? 8 : 2)
  })
})
