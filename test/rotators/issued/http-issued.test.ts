import { expect } from 'chai'
import type { HttpIssuedInputs, HttpIssuedState } from '../../../src/rotators/issued/http-issued/index.ts'
import { httpIssuedRotator } from '../../../src/rotators/issued/http-issued/index.ts'
import { nextPage } from '../../../src/rotators/issued/http-issued/pages.ts'
import { secret } from '../../../src/secret.ts'
import { adapterCertificate, adapterKey } from '../../fakes/adapter-certificate.ts'
import { FakeAdminApi } from '../../fakes/admin-api.ts'
import { Dropped, Refusal } from '../../fakes/vendor-fake.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, resume, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { httpVendor } from './issued-vendors.ts'

describe('http-issued', () => {
  let vendor: Awaited<ReturnType<typeof httpVendor>>
  beforeEach(async () => {
    vendor = await httpVendor()
  })
  afterEach(() => vendor.stop())

  const plan = (inputs: HttpIssuedInputs, state?: HttpIssuedState) =>
    vendor.rotator.plan({ inputs, state }, testContext())
  const rotate = (inputs: HttpIssuedInputs, state?: HttpIssuedState, context = testContext()) =>
    rotateOnce({ ...vendor, inputs, state, context })

  it('reads every page of the list', async () => {
    for (let i = 0; i < 7; i++) vendor.add()
    const { steps } = await plan(vendor.inputs)
    expect(steps.filter(({ what }) => what.includes('not managed here'))).to.have.length(7)
  })

  it('waits as the API asks, and repeats what may be repeated', async () => {
    vendor.fake.throttled = 1
    const context = testContext()
    await vendor.rotator.plan({ inputs: vendor.inputs, state: undefined }, context)
    expect(context.slept()).to.equal(2_000)
  })

  it('does not send a request to create again without an idempotency key', async () => {
    drop('create', 1)
    await failure(rotate(vendor.inputs))
    expect(vendor.fake.actions().filter((action) => action === 'create')).to.have.length(1)
    expect(vendor.ids()).to.deep.equal([])
  })

  it('asks again with the idempotency key when the answer is lost, and receives the very key that was made', async () => {
    drop('create', 1)
    const create = { ...vendor.inputs.create, idempotencyHeader: 'Idempotency-Key' }
    const state = await rotate({ ...vendor.inputs, create })
    expect(vendor.ids()).to.deep.equal([state.current.id])
    expect(vendor.holds(state.current)).to.equal(true)
  })

  it('makes room by the previous key when the API says that there is none', async () => {
    vendor.fake.limit = 2
    const inputs = { ...vendor.inputs, limit: { count: 2, status: 409, code: 'key_limit_reached' } }
    const [previous, current] = [vendor.add(), vendor.add()]
    const state = await rotate(inputs, { current, previous })
    expect(vendor.ids()).to.deep.equal([current.id, state.current.id])
  })

  it('fails before any change where only the key of somebody else could make room', async () => {
    const inputs = { ...vendor.inputs, limit: { count: 2, status: 409 } }
    const current = vendor.add()
    const foreign = vendor.add()
    const error = await failure(plan(inputs, { current }))
    expect(error.code).to.equal('rotation_failed')
    expect(error.hint).to.include(foreign.id)
  })

  it('does not take an answer of a wrong path for a deletion', async () => {
    const [previous, current] = [vendor.add(), vendor.add()]
    const inputs = { ...vendor.inputs, delete: { path: 'service-key/{{id}}' } }
    const state = await rotate(inputs, { current, previous })
    const superseded = { current, previous }
    const error = await failure(vendor.rotator.retire!(superseded, { inputs, state }, testContext()))
    expect(error.message).to.include('still listed')
    expect(error.hint).to.include('`delete.path`')
    expect(vendor.ids()).to.include(previous.id)
  })

  it('refuses to retire the key that the log-in uses', async () => {
    const own = vendor.fake.addKey()
    const previous = { id: own.id, values: { key: secret(own.secret) } }
    const inputs = { ...vendor.inputs, auth: { bearer: secret(own.secret) } }
    vendor.fake.adminTokens.push(own.secret)
    const error = await failure(plan(inputs, { current: vendor.add(), previous }))
    expect(error.message).to.include(own.id).and.to.include('`login` uses')
  })

  it('says what a token that may only read lacks, and leaves everything as it is', async () => {
    const auth = { bearer: secret(vendor.fake.readerToken) }
    const error = await failure(rotate({ ...vendor.inputs, auth }))
    expect(error.message).to.include('forbidden')
    expect(error.hint).to.include('may do')
    expect(vendor.ids()).to.deep.equal([])
  })

  it('leaves out what is listed without the wanted members', async () => {
    vendor.fake.addKey({ status: 'revoked' })
    const inputs = { ...vendor.inputs, list: { ...vendor.inputs.list, only: { status: 'active' } } }
    expect((await plan(inputs)).steps).to.have.length(1)
    const wrong = { ...vendor.inputs, list: { ...vendor.inputs.list, only: { state: 'active' } } }
    expect((await failure(plan(wrong))).message).to.include('nothing in "state"')
  })

  it('refuses ids that would name another key, or a part of the path', async () => {
    for (const id of [2 ** 53 + 2, '..', '', null]) {
      const record = { id, label: 'x', created_at: 1 }
      vendor.fake.hooks = {
        after({ action }) {
          if (action === 'list') throw new Refusal({ status: 200, body: { records: [record] } })
        },
      }
      expect((await failure(plan(vendor.inputs))).message, String(id)).to.match(/not true or false|no usable id/)
    }
  })

  it('deletes the key with the id as one part of the path', async () => {
    const { id } = vendor.add()
    Object.assign(vendor.fake.keys[0]!, { id: 'a/b?c' })
    expect(id).to.not.equal('a/b?c')
    const superseded = { current: { id: 'a/b?c', values: { key: secret('of-nobody') } } }
    const state = { current: vendor.add() }
    await vendor.rotator.retire!(superseded, { inputs: vendor.inputs, state }, testContext()).catch(() => {})
    const paths = vendor.fake.calls.filter(({ action }) => action === 'delete').map(({ request }) => request.path)
    expect(paths[0]).to.match(/\/service-keys\/a%2Fb%3Fc$/)
  })

  it('does not reconcile a record with other means of finding the key than it was made with', async () => {
    drop('create', 1)
    vendor.fake.unlistedFor = 2
    const journal: Journal<never> = { pending: undefined }
    vendor.fake.hooks = {
      after({ action }) {
        if (action === 'create') throw new Dropped()
      },
      before({ action }) {
        if (action === 'list' && vendor.ids().length > 0) throw new Dropped()
      },
    }
    await failure(rotateOnce({ ...vendor, state: undefined, context: testContext(), journal: journal as never }))
    vendor.fake.hooks = {}
    const { name: _, ...list } = vendor.inputs.list
    const inputs = {
      ...vendor.inputs,
      list: { ...list, createdAt: 'created_at' },
      create: { ...vendor.inputs.create, body: { label: 'esc', scopes: [] } },
    }
    const reconcile = (each: HttpIssuedInputs) =>
      resume({ ...vendor, inputs: each, state: undefined, journal: journal as never, context: testContext() })
    const error = await failure(reconcile(inputs))
    expect(error.code).to.equal('conflict')
    expect(vendor.ids()).to.have.length(1)
    expect(await reconcile(vendor.inputs)).to.have.property('kind', 'undone')
    expect(vendor.ids()).to.deep.equal([])
  })

  it('sends nothing to an origin that may not be used', async () => {
    const asked: string[] = []
    const network = {
      privateHosts: ['127.0.0.1'],
      async allowOrigin(origin: string) {
        asked.push(origin)
        throw new Error('not allowed')
      },
    }
    const request = { inputs: vendor.inputs, state: undefined }
    const rotator = httpIssuedRotator()
    const context = { ...testContext(), network }
    for (const call of [() => rotator.plan(request, context), () => rotator.check!(request, context)]) {
      expect(String(await call().then(() => 'done', String))).to.include('not allowed')
    }
    expect(new Set(asked)).to.deep.equal(new Set([vendor.fake.url]))
    expect(vendor.fake.calls).to.deep.equal([])
  })

  describe('over TLS', () => {
    let secure: FakeAdminApi
    beforeEach(async () => {
      secure = await new FakeAdminApi({ secure: { cert: adapterCertificate, key: adapterKey } }).start()
    })
    afterEach(() => secure.stop())

    const network = { privateHosts: ['adapter.example.org'] }
    const planOver = (inputs: HttpIssuedInputs, address = '127.0.0.1') => {
      const rotator = httpIssuedRotator({ lookup: async () => [{ address, family: 4 }] })
      return rotator.plan({ inputs, state: undefined }, { ...testContext(), network })
    }
    const inputs = (): HttpIssuedInputs => ({
      ...vendor.inputs,
      url: `https://adapter.example.org:${secure.port}/api.example.org/v1`,
      auth: { bearer: secret(secure.adminToken) },
      tls: { ca: adapterCertificate },
    })

    it('calls a host whose certificate holds', async () => {
      expect((await planOver(inputs())).steps).to.have.length(1)
    })

    it('sends no log-in where the certificate does not hold', async () => {
      const { tls: _, ...untrusting } = inputs()
      const error = await failure(planOver(untrusting))
      expect(error.message).to.match(/SELF_SIGNED|UNABLE_TO_VERIFY/)
      expect(error.hint).to.include('tls.ca')
      expectNoSecret(error, secure.adminToken)
      expect(secure.calls).to.deep.equal([])
    })

    it('calls no address of a cloud, whatever the name resolves to', async () => {
      const error = await failure(planOver(inputs(), '169.254.169.254'))
      expect(error.message).to.include('169.254.169.254')
    })
  })

  function drop(action: string, times: number): void {
    vendor.fake.hooks = {
      after(call) {
        if (call.action === action && times-- > 0) throw new Dropped()
      },
    }
  }
})

describe('pages of a list', () => {
  const asked = 'https://api.example.org/v1/keys?limit=2'
  const page = (next: Parameters<typeof nextPage>[0]['next'], json: unknown, link?: string, count = 2) =>
    nextPage(
      { path: 'keys', id: 'id', ...(next && { next }) },
      asked,
      {
        status: 200,
        json,
        text: '',
        isCut: false,
        headers: { get: (name) => (name === 'link' ? (link ?? null) : null) },
      },
      count,
    )
  const at = (query: string) => ({ url: `https://api.example.org/v1/keys?limit=2&${query}` })

  it('follow the address in the answer, at the same host', () => {
    expect(page({ url: 'paging.next' }, { paging: { next: '/v1/keys?limit=2&page=b' } })).to.deep.equal(at('page=b'))
    expect(page({ url: 'paging.next' }, { paging: { next: null } })).to.equal(undefined)
    expect(page({ url: 'next' }, { next: 'https://evil.example/keys' })).to.have.property('problem')
    expect(page({ url: 'next' }, { next: 'http://api.example.org/keys' })).to.have.property('problem')
  })

  it('follow the header Link', () => {
    const link = '<https://api.example.org/v1/keys?limit=2&p=1>; rel="prev", </v1/keys?limit=2&p=3>; rel="next"'
    expect(page({ link: true }, [], link)).to.deep.equal(at('p=3'))
    expect(page({ link: true }, [], link.split(', ')[0]!)).to.equal(undefined)
    expect(page({ link: true }, [], '<https://evil.example/>; rel=next')).to.have.property('problem')
  })

  it('follow a cursor while there is more', () => {
    const next = { cursor: 'last', parameter: 'after', more: 'more' }
    expect(page(next, { last: 'c', more: true })).to.deep.equal(at('after=c'))
    expect(page(next, { last: 'c', more: false })).to.equal(undefined)
    expect(page(next, { last: null, more: true })).to.have.property('problem')
    expect(page(next, { last: 'c' })).to.have.property('problem')
    expect(page({ cursor: 'last', parameter: 'after' }, { last: '' })).to.equal(undefined)
  })

  it('are counted until one is empty', () => {
    expect(page({ page: 'page' }, [])).to.deep.equal(at('page=2'))
    expect(page({ page: 'page' }, [], undefined, 0)).to.equal(undefined)
  })

  it('are missed where the definition names none', () => {
    for (const json of [{ has_more: true }, { meta: { next_cursor: 'x' } }, { nextPageToken: 'x' }]) {
      expect(page(undefined, json), JSON.stringify(json)).to.have.property('problem')
    }
    for (const json of [[], { has_more: false, next: null }, { meta: { next_cursor: '' } }, { links: {} }]) {
      expect(page(undefined, json), JSON.stringify(json)).to.equal(undefined)
    }
  })
})
