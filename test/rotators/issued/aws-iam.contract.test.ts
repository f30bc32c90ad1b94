import { expect } from 'chai'
import {
  type AwsIamInputs,
  type AwsIamPending,
  type AwsIamState,
  awsIam,
} from '../../../src/rotators/issued/aws-iam/index.ts'
import type { IssuedPlan } from '../../../src/rotators/issued/kit/index.ts'
import { DroppedConnection, type FakeIamOptions, type FakeKey } from '../../fakes/iam.ts'
import { slow, strideOf } from '../../sample.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { type AwsAccount, startAwsAccount, stateOf } from './aws-account.ts'

type KeySet = { readonly state: AwsIamState | undefined; readonly foreign: readonly FakeKey[] }

function subject(
  prepare: (account: AwsAccount) => KeySet,
  options: FakeIamOptions = {},
): Subject<AwsIamInputs, AwsIamState, AwsIamPending, IssuedPlan> {
  return async (enter) => {
    const account = await startAwsAccount(options)
    const { iam, user, inputs } = account
    const { state, foreign } = prepare(account)
    const inactive = new Set(user.keys.flatMap(({ status, accessKeyId }) => (status === 'Active' ? [] : [accessKeyId])))
    const pass = (when: 'before' | 'after') => () => {
      try {
        enter().pass('remote', when)
      } catch {
        throw new DroppedConnection()
      }
    }
    iam.hooks = { before: pass('before'), after: pass('after') }
    return {
      rotator: awsIam,
      inputs,
      state,
      async checkCurrent({ current, previous }) {
        // The one that consumers use: the previous, where somebody went back to it.
        const used = inactive.has(current.accessKeyId) ? previous! : current
        const found = iam.find(used.accessKeyId)
        expect(found?.key.secretAccessKey).to.equal(used.secretAccessKey.reveal())
        expect(found?.key.status).to.equal('Active')
      },
      async checkAgreement(after, last) {
        const ours = [after?.current, after?.previous].filter((key) => key !== undefined)
        const foreignIds = foreign.map(({ accessKeyId }) => accessKeyId)
        const known = [...ours.map(({ accessKeyId }) => accessKeyId), ...foreignIds]
        expect(known, 'unknown credential').to.include.members(account.keyIds())
        expect(account.keyIds(), 'foreign').to.include.members(foreignIds)
        for (const key of ours) {
          const held = user.keys.find(({ accessKeyId }) => accessKeyId === key.accessKeyId)
          // What makes room, and is lost where the rotation is then cut off: P, or C where that is
          // inactive.
          const makesRoom = inactive.has(key.accessKeyId) || key !== after?.current
          if (held === undefined && last === 'undone' && makesRoom) continue
          expect(held?.secretAccessKey, key.accessKeyId).to.equal(key.secretAccessKey.reveal())
        }
      },
      rotatesAgain: foreign.length === 0,
      close: () => account.stop(),
    }
  }
}

describe('aws-iam, killed anywhere', function () {
  const twice = slow
  this.timeout(twice ? 600_000 : 60_000)
  const slowVendor = { unknownFor: 2, unlistedFor: 2, lingersFor: 2 }

  const none = subject(() => ({ state: undefined, foreign: [] }), slowVendor)
  const one = subject(({ iam, user }) => ({ state: stateOf(iam.addKey(user)), foreign: [] }), slowVendor)
  const both = subject(({ iam, user }) => {
    const previous = iam.addKey(user)
    return { state: stateOf(iam.addKey(user), previous), foreign: [] }
  }, slowVendor)

  const wentBack = subject(({ iam, user }) => {
    const previous = iam.addKey(user)
    return { state: stateOf(iam.addKey(user, { status: 'Inactive' }), previous), foreign: [] }
  }, slowVendor)

  const beside = subject(({ iam, user }) => ({ state: undefined, foreign: [iam.addKey(user)] }), slowVendor)

  itKeepsTheState('first rotation', none)
  itKeepsTheState('second rotation', one)
  itKeepsTheState('third rotation', both)

  it('loses nothing beside a foreign key, and leaves that alone', async () => {
    await sweep(beside, { twice, stride: strideOf(5) })
  })

  it('loses nothing in the first rotation', async () => {
    expect(await sweep(none, { twice, stride: strideOf(5) }))
      .to.include('after stage 2: rotated')
      .and.include('after stage 1: undone')
  })

  it('loses nothing in the second rotation', async () => {
    await sweep(one, { twice, stride: strideOf(5) })
  })

  it('loses nothing where the previous key makes room', async () => {
    const outcomes = await sweep(both, { twice, stride: strideOf(5) })
    expect(outcomes.some((outcome) => outcome.endsWith('rotated'))).to.equal(true)
    expect(outcomes.some((outcome) => outcome.endsWith('undone'))).to.equal(true)
  })

  it('never deletes the active key where the current one is inactive', async () => {
    const outcomes = await sweep(wentBack, { twice, stride: strideOf(5) })
    expect(outcomes.some((outcome) => outcome.endsWith('rotated'))).to.equal(true)
  })
})
