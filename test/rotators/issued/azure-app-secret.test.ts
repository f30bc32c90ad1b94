import { expect } from 'chai'
import { type AzureAppSecretInputs, azureAppSecretRotator } from '../../../src/rotators/issued/azure-app-secret.ts'
import type { IssuedPending } from '../../../src/rotators/issued/kit/index.ts'
import { secret } from '../../../src/secret.ts'
import { reroute } from '../../fakes/http-fake.ts'
import { Refusal } from '../../fakes/vendor-fake.ts'
import { failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { azureVendor } from './issued-vendors.ts'

describe('azure-app-secret at Microsoft Graph', () => {
  let vendor: Awaited<ReturnType<typeof azureVendor>>
  beforeEach(async () => {
    vendor = await azureVendor()
  })
  afterEach(() => vendor.stop())

  const plan = (inputs: AzureAppSecretInputs, state?: Parameters<typeof vendor.rotator.plan>[0]['state']) =>
    vendor.rotator.plan({ inputs, state }, testContext())
  const rotate = (inputs: AzureAppSecretInputs = vendor.inputs) =>
    rotateOnce({ ...vendor, inputs, state: undefined, context: testContext() })

  it('asks for the lifetime that is given, 180 days where none is', async () => {
    for (const [lifetimeInDays, days] of [
      [undefined, 180],
      [1, 1],
      [730, 730],
    ] as const) {
      const state = await rotate({ ...vendor.inputs, ...(lifetimeInDays && { lifetimeInDays }) })
      const { expiresAt, createdAt } = state.current
      const lifeMs = new Date(expiresAt!).getTime() - new Date(createdAt!).getTime()
      expect(Math.round(lifeMs / 86_400_000)).to.equal(days)
    }
  })

  it('marks what it creates, and deletes by that mark what it never received', async () => {
    const mark = 'esc-0011223344556677'
    const lost = vendor.fake.addPassword(vendor.application, { displayName: mark })
    const other = vendor.fake.addPassword(vendor.application, { displayName: 'esc-8899aabbccddeeff' })
    const pending: IssuedPending<never> = {
      phase: 'creating',
      subject: `application ${vendor.application.appId}`,
      mark,
      stagedAt: new Date().toISOString(),
    }
    const reconciled = await vendor.rotator.reconcile(
      pending,
      { inputs: vendor.inputs, state: undefined },
      testContext(),
    )
    expect(reconciled).to.have.property('reason').that.includes(lost.keyId)
    expect(vendor.ids()).to.deep.equal([other.keyId])
  })

  it('logs in with a federated token', async () => {
    vendor.manager.assertion = 'eyJhbGciOi.J9.federated'
    const { clientSecret: _, ...login } = vendor.inputs.login
    await rotate({ ...vendor.inputs, login: { ...login, oidc: { token: secret(vendor.manager.assertion) } } })
    expect(vendor.ids()).to.have.length(1)
    const wrong = { ...vendor.inputs, login: { ...login, oidc: { token: secret('eyJhbGciOi.J9.stranger') } } }
    const error = await failure(plan(wrong))
    expect(error.message).to.include('AADSTS700213').and.not.to.include('stranger')
    expect(error.hint).to.include('federated credential')
  })

  describe('bad input', () => {
    const cases: readonly [string, (inputs: AzureAppSecretInputs) => AzureAppSecretInputs, RegExp][] = [
      ['a client id that is no GUID', (inputs) => ({ ...inputs, clientId: 'app' }), /`clientId` "app" is not a GUID/],
      [
        'a GUID that ends the path of the request',
        (inputs) => ({ ...inputs, clientId: `${inputs.clientId}')/owners` }),
        /is not a GUID/,
      ],
      [
        'a tenant that is no GUID',
        (inputs) => ({ ...inputs, login: { ...inputs.login, tenantId: 'contoso.onmicrosoft.com' } }),
        /`login\.tenantId`/,
      ],
      ['0 days', (inputs) => ({ ...inputs, lifetimeInDays: 0 }), /`lifetimeInDays` is 0/],
      ['731 days', (inputs) => ({ ...inputs, lifetimeInDays: 731 }), /`lifetimeInDays` is 731/],
      ['half a day', (inputs) => ({ ...inputs, lifetimeInDays: 1.5 }), /`lifetimeInDays` is 1\.5/],
      [
        'a login without a proof',
        (inputs) => ({ ...inputs, login: { clientId: inputs.login.clientId, tenantId: inputs.login.tenantId } }),
        /neither `clientSecret` nor `oidc`/,
      ],
      [
        'a login with two proofs',
        (inputs) => ({ ...inputs, login: { ...inputs.login, oidc: { token: secret('t') } } }),
        /both/,
      ],
    ]
    for (const [title, spoil, message] of cases) {
      it(`refuses ${title} without asking anybody`, async () => {
        const error = await failure(plan(spoil(vendor.inputs)))
        expect(error.code).to.equal('invalid_input')
        expect(error.message).to.match(message)
        expect(error.hint).to.be.a('string')
        expect(vendor.fake.calls).to.deep.equal([])
      })
    }

    it('says what is wrong with the login', async () => {
      const wrong = { ...vendor.inputs, login: { ...vendor.inputs.login, clientSecret: secret('wr0ng-canary') } }
      const error = await failure(plan(wrong))
      expect(error.message)
        .to.include('AADSTS7000215')
        .and.not.to.match(/canary|Trace ID/)
      expect(error.hint).to.include('not its id')
    })

    it('says which permission is missing', async () => {
      vendor.manager.roles = []
      const error = await failure(plan(vendor.inputs))
      expect(error.message).to.include('Authorization_RequestDenied')
      expect(error.hint).to.include('Application.ReadWrite.OwnedBy')
    })

    it('does not know the application', async () => {
      const error = await failure(plan({ ...vendor.inputs, clientId: '00000000-0000-0000-0000-000000000000' }))
      expect(error.message).to.include('Request_ResourceNotFound')
      expect(error.hint).to.include('clientId')
    })
  })

  it('creates nothing where it may only read', async () => {
    vendor.manager.roles = ['Application.Read.All']
    const error = await failure(rotate())
    expect(error.message).to.include('Authorization_RequestDenied')
    expect(vendor.ids()).to.deep.equal([])
  })

  it('repeats a change that another one of the same application got in the way of', async () => {
    let conflicts = 2
    vendor.fake.hooks = {
      before({ action }) {
        if (!/Password$/.test(action) || conflicts-- <= 0) return
        const error = { code: 'Request_ConcurrentUpdate', message: 'Concurrent update' }
        throw new Refusal({ status: 409, body: { error } })
      },
    }
    const state = await rotate()
    conflicts = 2
    const superseded = { current: vendor.add() }
    await vendor.rotator.retire!(superseded, { inputs: vendor.inputs, state }, testContext())
    expect(vendor.ids()).to.deep.equal([state.current.secretId])
  })

  it('warns where the new secret cannot be tried, as the application has no service principal', async () => {
    vendor.application.servicePrincipal = false
    const context = testContext()
    const state = await rotateOnce({ ...vendor, state: undefined, context })
    expect(vendor.holds(state.current)).to.equal(true)
    expect(context.warnings.join()).to.include('AADSTS7000229')
    const [check] = await vendor.rotator.check!({ inputs: vendor.inputs, state }, testContext())
    expect(check).to.deep.include({ credential: 'current', works: undefined })
  })

  it('deletes a new secret that is expired already', async () => {
    vendor.fake.hooks = {
      before({ action }) {
        if (!vendor.isLogin(action)) return
        throw new Refusal({
          status: 401,
          body: { error: 'invalid_client', error_description: 'AADSTS7000222: Expired.' },
        })
      },
    }
    expect((await failure(rotate())).message).to.include('AADSTS7000222')
    expect(vendor.ids()).to.deep.equal([])
  })

  describe('an application that rotates its own secret', () => {
    const self = async () => {
      vendor.application.roles = ['Application.ReadWrite.OwnedBy']
      vendor.application.owns = [vendor.application.appId]
      const [previous, current] = [vendor.add(), vendor.add()]
      const loginWith = (clientSecret: typeof current.secretValue): AzureAppSecretInputs => ({
        clientId: vendor.application.appId,
        login: { clientId: vendor.application.appId, tenantId: vendor.fake.tenant, clientSecret },
      })
      return { previous, current, loginWith }
    }

    it('may log in with the current one', async () => {
      const { previous, current, loginWith } = await self()
      const inputs = loginWith(current.secretValue)
      const state = await rotateOnce({ ...vendor, inputs, state: { current, previous }, context: testContext() })
      await vendor.rotator.retire!({ current, previous }, { inputs, state }, testContext())
      expect(vendor.ids()).to.deep.equal([current.secretId, state.current.secretId])
    })

    it('may not log in with the one that goes', async () => {
      const { previous, current, loginWith } = await self()
      const inputs = loginWith(previous.secretValue)
      const error = await failure(plan(inputs, { current, previous }))
      expect(error.message).to.include(previous.secretId)
      const state = { current: vendor.add(), previous: current }
      const later = await failure(vendor.rotator.retire!({ current, previous }, { inputs, state }, testContext()))
      expect(later.message).to.include(previous.secretId)
      expect(vendor.ids()).to.include(previous.secretId)
    })
  })

  it('talks to Microsoft only', async () => {
    const hosts = new Set<string>()
    const fetch: typeof globalThis.fetch = (input, init) => {
      hosts.add(new URL(String(input)).origin)
      return reroute(vendor.fake.routes)(input, init)
    }
    const rotator = azureAppSecretRotator({ fetch })
    await rotateOnce({ rotator, inputs: vendor.inputs, state: undefined, context: testContext() })
    expect([...hosts]).to.have.members(['https://login.microsoftonline.com', 'https://graph.microsoft.com'])
  })
})
