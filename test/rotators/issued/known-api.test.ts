import { expect } from 'chai'
import { secret } from '../../../src/secret.ts'
import { failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { openAiVendor, sendGridVendor } from './known-api-vendors.ts'

describe('openai-api-key', () => {
  it('makes a service account with a key that ends by itself, in the project and nowhere else', async () => {
    const vendor = await openAiVendor('project')
    const inputs = { ...vendor.inputs, name: 'shop', lifetimeInDays: 90 }
    const { current } = await rotateOnce({ ...vendor, inputs, state: undefined, context: testContext() })
    const { path, body } = vendor.fake.calls.find(({ action }) => action === 'create')!.request
    expect(path).to.equal(`/api.openai.com/v1/organization/projects/${vendor.fake.project}/service_accounts`)
    expect(JSON.parse(body)).to.have.property('expires_in_seconds', 90 * 86_400)
    expect(JSON.parse(body).name).to.match(/^shop esc-[0-9a-f]{16}$/)
    expect(current.id).to.match(/^user-/)
    expect(current.apiKey.reveal()).to.match(/^sk-svcacct-/)
    expect(vendor.fake.admins.keys).to.deep.equal([])
    await vendor.stop()
  })

  it('reads every page of the service accounts', async () => {
    const vendor = await openAiVendor('project')
    vendor.fake.pageSize = 2
    for (let i = 0; i < 5; i++) vendor.add()
    const { steps } = await vendor.rotator.plan({ inputs: vendor.inputs, state: undefined }, testContext())
    expect(steps.filter(({ what }) => what.includes('not managed here'))).to.have.length(5)
    await vendor.stop()
  })
})

describe('openai-admin-key', () => {
  it('rotates the very key that it logs in with, and keeps that as previous', async () => {
    const vendor = await openAiVendor('admin')
    const current = vendor.add()
    const inputs = { ...vendor.inputs, login: { adminKey: current.apiKey } }
    const state = await rotateOnce({ ...vendor, inputs, state: { current }, context: testContext() })
    expect(state.previous?.id).to.equal(current.id)
    expect(vendor.ids()).to.deep.equal([current.id, state.current.id])
    await vendor.stop()
  })
})

describe('sendgrid-api-key', () => {
  let vendor: Awaited<ReturnType<typeof sendGridVendor>>
  beforeEach(async () => {
    vendor = await sendGridVendor()
  })
  afterEach(() => vendor.stop())
  const rotate = (inputs: object, state?: Parameters<typeof vendor.rotator.plan>[0]['state']) =>
    rotateOnce({ ...vendor, inputs, state, context: testContext() })

  it('gives the new key the scopes and no more, and takes that it may not read them for a log-in', async () => {
    const { current } = await rotate(vendor.inputs)
    expect(vendor.fake.scopes.get(current.id)).to.deep.equal(['mail.send'])
    const logIns = vendor.fake.calls.filter(({ action }) => action === 'scopes')
    expect(logIns.map(({ outcome }) => outcome)).to.deep.equal([403, 403, 403])
  })

  it('makes room by the previous key when the account is full', async () => {
    while (vendor.ids().length < 98) vendor.add()
    const [previous, current] = [vendor.add(), vendor.add()]
    const state = await rotate(vendor.inputs, { current, previous })
    expect(vendor.ids()).to.have.length(100).and.to.not.include(previous.id)
    expect(state.previous?.id).to.equal(current.id)
  })

  it('costs nobody a key where the login may not create one, though the account is full', async () => {
    while (vendor.ids().length < 98) vendor.add()
    const [previous, current] = [vendor.add(), vendor.add()]
    const reader = vendor.fake.ring.keys[0]!
    vendor.fake.scopes.set(reader.id, ['api_keys.read', 'mail.send'])
    const inputs = { ...vendor.inputs, login: { apiKey: secret(reader.secret) } }
    const error = await failure(rotate(inputs, { current, previous }))
    expect(error.message).to.include('access forbidden')
    expect(error.hint).to.include('api_keys.create')
    expect(vendor.ids()).to.include(previous.id)
  })

  it('asks the host of the region, on behalf of the subuser', async () => {
    vendor.fake.subusers.push('newsletter')
    await rotate({ ...vendor.inputs, region: 'eu', onBehalfOf: 'newsletter' })
    const asked = vendor.fake.calls.filter(({ action }) => action !== 'scopes').map(({ request }) => request)
    for (const { path, headers } of asked) {
      expect(path).to.match(/^\/api\.eu\.sendgrid\.com\/v3\//)
      expect(headers['on-behalf-of']).to.equal('newsletter')
    }
  })
})
