import { expect } from 'chai'
import type { KubernetesTokenInputs } from '../../../src/rotators/issued/kubernetes-token/index.ts'
import { secret } from '../../../src/secret.ts'
import { Refusal } from '../../fakes/vendor-fake.ts'
import { failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { kubernetesVendor } from './kubernetes-vendor.ts'

describe('kubernetes-service-account-token', () => {
  let vendor: Awaited<ReturnType<typeof kubernetesVendor>>
  beforeEach(async () => {
    vendor = await kubernetesVendor()
  })
  afterEach(() => vendor.stop())

  const rotate = (inputs: KubernetesTokenInputs, context = testContext()) =>
    rotateOnce({ ...vendor, inputs, state: undefined, context })
  const plan = (inputs: KubernetesTokenInputs) => vendor.rotator.plan({ inputs, state: undefined }, testContext())

  it('waits until the cluster has put a token into the secret', async () => {
    vendor.fake.fillsAfter = 3
    const context = testContext()
    const { current } = await rotate(vendor.inputs, context)
    expect(vendor.holds(current)).to.equal(true)
    expect(context.slept()).to.equal(200 + 400 + 800 + 2 * 200)
  })

  it('gives up, and deletes the secret, where the cluster puts no token into it', async () => {
    vendor.fake.fillsAfter = 1_000
    const error = await failure(rotate(vendor.inputs))
    expect(error.message).to.include('has put no token into secret')
    expect(error.hint).to.include('`lifetimeInHours`')
    expect(vendor.ids()).to.deep.equal([])
  })

  it('asks for a token with an end, bound to a secret that holds nothing', async () => {
    const { current } = await rotate({ ...vendor.inputs, lifetimeInHours: 24, audiences: ['vault'] })
    const { body } = vendor.fake.calls.find(({ action }) => action === 'request token')!.request
    const [held] = vendor.fake.secrets
    expect(JSON.parse(body).spec).to.deep.equal({
      audiences: ['vault'],
      expirationSeconds: 86_400,
      boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: held!.name, uid: held!.uid },
    })
    expect(held!.type).to.equal('Opaque')
    expect(current.expiresAt).to.match(/^\d{4}-\d\d-\d\dT/)
  })

  it('leaves no secret behind where the token is refused', async () => {
    const inputs = { ...vendor.inputs, lifetimeInHours: 24, login: { token: secret(vendor.fake.halfManager) } }
    const error = await failure(rotate(inputs))
    expect(error.message).to.include('create serviceaccounts/token')
    expect(error.hint).to.include('a role in the namespace')
    expect(vendor.ids()).to.deep.equal([])
  })

  it('changes from tokens without an end to those with one, and retires those of the other kind', async () => {
    const context = testContext()
    const bound = { ...vendor.inputs, lifetimeInHours: 24 }
    const first = await rotateOnce({ ...vendor, state: undefined, context })
    const second = await rotateOnce({ ...vendor, inputs: bound, state: first, context })
    const third = await rotateOnce({ ...vendor, inputs: bound, state: second, context })
    expect(third.previous?.secretName).to.equal(second.current.secretName)
    await vendor.rotator.retire!(second, { inputs: bound, state: third }, context)
    expect(vendor.ids()).to.deep.equal([second.current.secretName, third.current.secretName])
    expect(vendor.fake.accepts(first.current.token.reveal())).to.equal(false)
  })

  it('names secrets of the account that are not managed here, on every page, and none of another account', async () => {
    vendor.fake.pageSize = 2
    for (let i = 0; i < 5; i++) vendor.add()
    vendor.fake.addSecret({ annotations: { 'kubernetes.io/service-account.name': 'other' } })
    const { steps } = await plan(vendor.inputs)
    expect(steps.filter(({ what }) => what.includes('not managed here'))).to.have.length(5)
  })

  it('takes a token that may not ask who it is for one that logs in, as before 1.28', async () => {
    vendor.fake.reviews = false
    expect(vendor.holds((await rotate(vendor.inputs)).current)).to.equal(true)
  })

  it('undoes a rotation whose token is of somebody else', async () => {
    vendor.fake.hooks = {
      after({ action }) {
        if (action !== 'log in') return
        const status = { userInfo: { username: 'system:serviceaccount:shop:other' } }
        throw new Refusal({ status: 201, body: { kind: 'SelfSubjectReview', status } })
      },
    }
    const error = await failure(rotate(vendor.inputs))
    expect(error.message).to.include('logs in as system:serviceaccount:shop:other')
    expect(vendor.ids()).to.deep.equal([])
  })

  it('makes a name that a secret may have, whatever the account is called', async () => {
    const long = `a${'.'.repeat(1)}${'b'.repeat(198)}.-${'c'.repeat(40)}`.replace('-', 'x')
    Object.assign(vendor.fake, { account: long })
    const inputs = { ...vendor.inputs, serviceAccount: long }
    const { current } = await rotate(inputs)
    expect(current.secretName).to.match(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
  })
})
