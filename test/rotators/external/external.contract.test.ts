import { expect } from 'chai'
import type { PlainObject } from '../../../src/plain.ts'
import type { ExternalInputs, ExternalPending, ExternalState } from '../../../src/rotators/external/index.ts'
import type { Plan } from '../../../src/rotators/index.ts'
import { secret } from '../../../src/secret.ts'
import { Dropped } from '../../fakes/vendor-fake.ts'
import { slow } from '../../sample.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { startAdapter } from './adapter-service.ts'

const passwordOf = ({ current }: ExternalState) => (current.reveal() as { password: string }).password

function subject(state: ExternalState | undefined): Subject<ExternalInputs, ExternalState, ExternalPending, Plan> {
  return async (enter) => {
    const { fake, rotator, inputs, stop } = await startAdapter()
    if (state !== undefined) fake.valid.push(passwordOf(state))
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
      async checkCurrent(committed) {
        expect(fake.valid).to.include(passwordOf(committed))
      },
      async checkAgreement(after) {
        const known = [state, after].filter((each) => each !== undefined).map(passwordOf)
        // The adapter keeps the last two: the one in the state must be the newest of them.
        if (after === undefined) expect(fake.valid).to.deep.equal([])
        else expect(passwordOf(after)).to.equal(fake.valid.at(-1))
        if (fake.valid.length > 0) expect(known).to.include(fake.valid.at(-1))
      },
      close: stop,
    }
  }
}

describe('external, killed anywhere', function () {
  const twice = slow
  this.timeout(600_000)

  itKeepsTheState('first rotation', subject(undefined))
  itKeepsTheState('next rotation', subject({ current: secret({ password: 'b4', user: 'app' } as PlainObject) }))

  it('loses nothing in the first rotation, as an answer that was lost is given again', async () => {
    expect(await sweep(subject(undefined), { twice })).to.deep.include.members([
      'after stage 1: rotated',
      'before remote 1: rotated',
      'after remote 1: rotated',
      'before stage 2: rotated',
    ])
  })

  it('loses nothing in the next rotation', async () => {
    const current: PlainObject = { password: 'b4', user: 'app' }
    await sweep(subject({ current: secret(current) }), { twice })
  })
})
