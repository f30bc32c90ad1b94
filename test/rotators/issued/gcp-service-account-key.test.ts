import { expect } from 'chai'
import type { GcpKeyInputs, GcpKeyPending, GcpKeyState } from '../../../src/rotators/issued/gcp-service-account-key.ts'
import { secret } from '../../../src/secret.ts'
import type { FakeGoogleKey } from '../../fakes/gcp-iam.ts'
import { Dropped } from '../../fakes/vendor-fake.ts'
import { failure } from '../failure.ts'
import { type Journal, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { gcpVendor } from './issued-vendors.ts'

describe('gcp-service-account-key at Google Cloud IAM', () => {
  let vendor: Awaited<ReturnType<typeof gcpVendor>>
  beforeEach(async () => {
    vendor = await gcpVendor()
  })
  afterEach(() => vendor.stop())

  const plan = (inputs: GcpKeyInputs = vendor.inputs, state?: GcpKeyState, context = testContext()) =>
    vendor.rotator.plan({ inputs, state }, context)
  const rotate = (state?: GcpKeyState, context = testContext()) => rotateOnce({ ...vendor, state, context })
  const fill = (count: number) => {
    while (vendor.ids().length < count) vendor.add()
  }

  it('returns the whole credentials file', async () => {
    const { current } = await rotate()
    const file = JSON.parse(current.credentials.reveal())
    expect(file).to.include({
      type: 'service_account',
      client_email: vendor.account.email,
      private_key_id: current.keyId,
    })
    expect(current, 'keys that do not expire').to.not.have.property('expiresAt')
  })

  for (const limitStatus of ['FAILED_PRECONDITION', 'RESOURCE_EXHAUSTED'] as const) {
    describe(`with ten keys, told by ${limitStatus}`, () => {
      beforeEach(() => {
        vendor.fake.limitStatus = limitStatus
      })

      it('deletes P for room', async () => {
        const [previous, current] = [vendor.add(), vendor.add()]
        fill(10)
        const { steps } = await plan(vendor.inputs, { current, previous })
        expect(steps[0]).to.deep.equal({
          action: 'delete',
          what: `key ${previous.keyId} of service account ${vendor.account.email} (previous)`,
        })
        const state = await rotate({ current, previous })
        expect(vendor.ids()).to.have.length(10).and.not.to.include(previous.keyId)
        expect(state.previous?.keyId).to.equal(current.keyId)
      })

      it('fails before any change when none is ours to delete', async () => {
        const current = vendor.add()
        fill(10)
        const error = await failure(plan(vendor.inputs, { current }))
        expect(error.message).to.include('10 keys already').and.to.include('9 of them are not managed here')
        expect(error.hint).to.include('delete one')
        expect(vendor.fake.actions()).to.deep.equal(['list'])
      })

      it('deletes nothing when it may not create', async () => {
        const [previous, current] = [vendor.add(), vendor.add()]
        fill(10)
        vendor.fake.tokens.set(vendor.token, ['iam.serviceAccountKeys.list', 'iam.serviceAccountKeys.delete'])
        const error = await failure(rotate({ current, previous }))
        expect(error.message).to.include('PERMISSION_DENIED').and.to.include('iam.serviceAccountKeys.create')
        expect(vendor.ids()).to.have.length(10)
      })

      it('fails, and keeps all, when somebody takes the last place in between', async () => {
        const current = vendor.add()
        fill(9)
        vendor.fake.hooks = {
          before({ action }) {
            if (action === 'create') fill(10)
          },
        }
        const error = await failure(rotate({ current }))
        expect(error.message).to.include(limitStatus)
        expect(error.hint).to.include('ten keys')
        expect(vendor.ids()).to.have.length(10)
      })
    })
  }

  it('warns before the limit is met', async () => {
    fill(9)
    const context = testContext()
    await plan(vendor.inputs, undefined, context)
    expect(context.warnings.join()).to.include('limit of 10')
  })

  it('tells an organisation policy from a limit, and deletes nothing', async () => {
    const [previous, current] = [vendor.add(), vendor.add()]
    fill(10)
    vendor.fake.creationForbidden = true
    const error = await failure(rotate({ current, previous }))
    expect(error.message).to.include('iam.disableServiceAccountKeyCreation')
    expect(error.hint).to.include('organisation policy')
    expect(vendor.ids()).to.have.length(10)
  })

  describe('after a crash around the request to create', () => {
    const at = new Date()
    const made = (seconds: number, key: Partial<FakeGoogleKey> = {}) =>
      vendor.fake.addKey(vendor.account, { createdAt: new Date(at.getTime() + seconds * 1_000), ...key })
    const reconcile = (ids: readonly string[], state?: GcpKeyState) => {
      const pending: GcpKeyPending = {
        phase: 'creating',
        subject: `service account ${vendor.account.email}`,
        mark: 'esc-0',
        stagedAt: at.toISOString(),
        before: { ids, at: at.toISOString() },
      }
      return vendor.rotator.reconcile(pending, { inputs: vendor.inputs, state }, testContext(at))
    }

    it('deletes the one that appeared since', async () => {
      const [before, lost] = [made(-1), made(1)]
      const reconciled = await reconcile([before.keyId])
      expect(reconciled).to.have.property('reason').that.includes(lost.keyId)
      expect(vendor.ids()).to.deep.equal([before.keyId])
    })

    it('leaves one that was made before, long after, or is ours', async () => {
      const [, , ours] = [made(-10), made(3_600), made(1)]
      const current = { keyId: ours.keyId, credentials: secret(ours.credentials) }
      expect(await reconcile([], { current })).to.have.property('kind', 'undone')
      expect(vendor.ids()).to.have.length(3)
    })

    it('touches neither of two it cannot tell apart', async () => {
      const keys = [made(1), made(2)]
      const error = await failure(reconcile([]))
      expect(error.code).to.equal('conflict')
      for (const { keyId } of keys) expect(error.message).to.include(keyId)
      expect(vendor.ids()).to.have.length(2)
    })
  })

  it('never takes a key made by somebody else at that moment for its own', async () => {
    let foreign: FakeGoogleKey | undefined
    fill(9)
    vendor.fake.hooks = {
      before({ action }) {
        if (action === 'create') foreign ??= vendor.fake.addKey(vendor.account)
      },
    }
    await failure(rotate())
    expect(vendor.ids()).to.include(foreign!.keyId)
  })

  it('lists again right before it creates: what was made since the plan is not ours', async () => {
    const journal: Journal<GcpKeyPending> = { pending: undefined }
    const plan = await vendor.rotator.plan({ inputs: vendor.inputs, state: undefined }, testContext())
    const foreign = vendor.fake.addKey(vendor.account)
    vendor.fake.hooks = {
      before({ action }) {
        if (action === 'create') throw new Dropped()
      },
    }
    const stage = async (pending: GcpKeyPending) => {
      journal.pending = pending
    }
    const request = { inputs: vendor.inputs, state: undefined }
    await failure(vendor.rotator.rotate(plan, request, stage, testContext()))
    expect(await vendor.rotator.reconcile(journal.pending!, request, testContext())).to.have.property('kind', 'undone')
    expect(vendor.ids()).to.deep.equal([foreign.keyId])
  })

  describe('bad input', () => {
    for (const serviceAccount of [
      'app',
      'app@example.org',
      'app@my-proj.iam.gserviceaccount.com/keys',
      '../x@y.gserviceaccount.com',
    ]) {
      it(`refuses the service account ${serviceAccount}`, async () => {
        const error = await failure(plan({ ...vendor.inputs, serviceAccount }))
        expect(error.code).to.equal('invalid_input')
        expect(error.hint).to.include('app@my-project')
        expect(vendor.fake.calls).to.deep.equal([])
      })
    }

    it('refuses a login that has expired', async () => {
      const login = { ...vendor.inputs.login, expiry: '2020-01-01T00:00:00Z' }
      const error = await failure(plan({ ...vendor.inputs, login }))
      expect(error.message).to.include('2020-01-01')
      expect(vendor.fake.calls).to.deep.equal([])
    })

    it('says that the token is not valid', async () => {
      const login = { ...vendor.inputs.login, accessToken: secret('ya29.canary-token') }
      const error = await failure(plan({ ...vendor.inputs, login }))
      expect(error.message).to.include('UNAUTHENTICATED').and.not.to.include('canary')
      expect(error.hint).to.include('log in anew')
    })

    it('says which permission is missing', async () => {
      vendor.fake.tokens.set(vendor.token, [])
      const error = await failure(plan())
      expect(error.message).to.include('iam.serviceAccountKeys.list')
      expect(error.hint).to.include('roles/iam.serviceAccountKeyAdmin')
    })

    it('does not know the service account', async () => {
      const error = await failure(plan({ ...vendor.inputs, serviceAccount: 'no@my-proj.iam.gserviceaccount.com' }))
      expect(error.message).to.include('NOT_FOUND')
    })
  })

  it('keeps the previous key where the current one is disabled, and removes that one instead', async () => {
    const [previous, current] = [vendor.add(), vendor.add()]
    vendor.account.keys[1]!.disabled = true
    const superseded = { current, previous }
    const plan = await vendor.rotator.plan({ inputs: vendor.inputs, state: superseded }, testContext())
    expect(plan.steps.map(({ action, what }) => `${action} ${what}`)).to.deep.equal([
      `create key of service account ${vendor.account.email}`,
      `keep key ${previous.keyId} of service account ${vendor.account.email} (previous)`,
      `delete key ${current.keyId} of service account ${vendor.account.email} (current, disabled), once the new one is saved`,
    ])
    const context = testContext()
    const state = await rotateOnce({ ...vendor, state: superseded, context })
    expect(context.warnings.join()).to.include('disabled there').and.include(`${previous.keyId}, which is active`)
    expect(state.previous).to.deep.equal(previous)
    await vendor.rotator.retire!(superseded, { inputs: vendor.inputs, state }, testContext())
    expect(vendor.ids()).to.deep.equal([previous.keyId, state.current.keyId])
  })

  it('finds a disabled key, and one of another service account', async () => {
    const current = vendor.add()
    vendor.account.keys[0]!.disabled = true
    const other = vendor.fake.addAccount('other@my-proj.iam.gserviceaccount.com')
    const stranger = vendor.fake.addKey(other)
    const previous = { keyId: stranger.keyId, credentials: secret(stranger.credentials) }
    const checks = await vendor.rotator.check!({ inputs: vendor.inputs, state: { current, previous } }, testContext())
    expect(checks.map(({ works, detail }) => [works, detail])).to.deep.equal([
      [false, 'invalid_grant, disabled'],
      [false, `belongs to ${other.email}, not listed`],
    ])
  })
})
