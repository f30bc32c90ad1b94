import { createServer } from 'node:net'
import { expect } from 'chai'
import type { PlainObject } from '../../../src/plain.ts'
import { adapterClaims } from '../../../src/rotators/external/claims.ts'
import {
  bodyHash,
  type ExternalInputs,
  type ExternalPending,
  type ExternalState,
  external,
  externalRotator,
} from '../../../src/rotators/external/index.ts'
import { secret } from '../../../src/secret.ts'
import { Dropped, Refusal } from '../../fakes/vendor-fake.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, resume, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { startAdapter, withContext } from './adapter-service.ts'

describe('external', () => {
  let service: Awaited<ReturnType<typeof startAdapter>>
  beforeEach(async () => {
    service = await startAdapter()
  })
  afterEach(() => service.stop())

  const rotate = (state?: ExternalState, context = testContext(), journal?: Journal<ExternalPending>) =>
    rotateOnce({ ...service, state, context, ...(journal && { journal }) })
  const keysSent = () => service.fake.calls.map(({ request }) => request.headers['idempotency-key'])
  const answerWith = (status: number, body: object | string, headers: Record<string, string> = {}) => {
    service.fake.hooks = {
      before() {
        throw new Refusal({ status, body, headers })
      },
    }
  }

  it('hashes bodies in the form of subresource integrity', () => {
    expect(bodyHash('{"request":{},"state":null}')).to.equal('sha256-7XN7qkMLfxN9HnPwXds8TwY+RPr2qFPhtnPJTqu5vdA=')
  })

  it('sends the request and no state at first, then the object of before', async () => {
    const first = await rotate()
    expect(first.current.reveal()).to.deep.equal({
      user: 'app',
      password: service.fake.valid[0],
      former: null,
      serial: 1,
    })
    await rotate(first)
    expect(service.fake.calls.map(({ request }) => JSON.parse(request.body))).to.deep.equal([
      { request: { user: 'app', token: 'r3quest-canary' }, state: null },
      { request: { user: 'app', token: 'r3quest-canary' }, state: first.current.reveal() },
    ])
  })

  it('sends an empty request where none is given, the very body of the vector', async () => {
    const { request: _, ...inputs } = service.inputs
    await rotateOnce({ ...service, inputs, state: undefined, context: testContext() })
    expect(service.fake.calls[0]!.request.body).to.equal('{"request":{},"state":null}')
  })

  it('signs who asks for what', async () => {
    await rotate()
    const [claims] = service.fake.claims
    expect(claims).to.include({
      iss: 'https://esc.example.org',
      sub: 'pulumi:environments:org:acme:env:rotators/ci',
      aud: service.inputs.url,
      org: 'acme',
      env: 'rotators/ci',
      current_env: 'rotators/ci',
      root_env: 'rotators/ci',
      trigger_user: 'ann@example.org',
    })
    expect(Number(claims!.exp) - Number(claims!.iat)).to.equal(300)
    expect(service.fake.calls[0]!.request.headers['content-type']).to.equal('application/json')
  })

  it('leaves the project out of the subject where it is the default one', () => {
    const identity = { ...service.extras.identity, rootEnvironment: 'default/ci' }
    const { sub, env } = adapterClaims({ url: 'https://a', body: '' }, identity, testContext())
    expect(sub).to.equal('pulumi:environments:org:acme:env:ci')
    expect(env).to.equal('default/ci')
  })

  it('uses a new key and token for every rotation', async () => {
    await rotate(await rotate())
    const [first, second] = service.fake.claims
    expect(first!.jti).to.not.equal(second!.jti)
    expect(new Set(keysSent())).to.have.property('size', 2)
  })

  it('keeps the whole object secret', async () => {
    const state = await rotate()
    expect(JSON.stringify(external.open(state))).to.equal('{"current":"[secret]"}')
    expect(external.open(undefined)).to.equal(undefined)
  })

  describe('when an answer is lost', () => {
    const lose = () => {
      service.fake.hooks = {
        after() {
          throw new Dropped()
        },
      }
    }

    it('asks once in a run, and the next run asks again with the same key and body', async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      lose()
      const error = await failure(rotate(undefined, testContext(), journal))
      expect(error.message).to.include('has not said whether it rotated')
      expect(error.hint).to.include('same Idempotency-Key')
      expect(service.fake.calls).to.have.length(1)
      service.fake.hooks = {}
      const reconciled = await resume({ ...service, state: undefined, journal, context: testContext() })
      expect(reconciled?.kind === 'rotated' && reconciled.state.current.reveal()).to.include({ serial: 1 })
      expect(service.fake.rotations).to.equal(1)
      const [first, second] = service.fake.calls.map(({ request }) => request)
      expect(second!.body).to.equal(first!.body)
      expect(keysSent()[1]).to.equal(keysSent()[0])
    })

    for (const [title, answer] of [
      ['a fault', { status: 500, body: { error: 'boom' } }],
      ['a success that is no 200', { status: 201, body: { password: 'p' } }],
      ['something else than JSON', { status: 200, body: '<html>' }],
      ['a list', { status: 200, body: [{ password: 'p' }] }],
    ] as const) {
      it(`takes ${title} for unknown`, async () => {
        const journal: Journal<ExternalPending> = { pending: undefined }
        answerWith(answer.status, answer.body)
        await failure(rotate(undefined, testContext(), journal))
        expect(journal.pending?.phase).to.equal('asking')
        expect(service.fake.calls).to.have.length(1)
      })
    }

    it('takes an answer of more than a megabyte for unknown', async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      answerWith(200, { password: 'x'.repeat(1 << 20) })
      await failure(rotate(undefined, testContext(), journal))
      expect(journal.pending?.phase).to.equal('asking')
    })

    it('does not wait for ever', async () => {
      await service.stop()
      service = await startAdapter({ timeoutMs: 1500 })
      service.fake.hooks = { before: () => new Promise(() => {}) }
      const journal: Journal<ExternalPending> = { pending: undefined }
      await failure(rotate(undefined, testContext(), journal))
      expect(journal.pending?.phase).to.equal('asking')
    })

    it('stays unknown while the adapter does not look at the request', async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      lose()
      await failure(rotate(undefined, testContext(), journal))
      for (const status of [301, 401, 403, 404, 409, 429, 502]) {
        answerWith(status, {})
        await failure(resume({ ...service, state: undefined, journal, context: testContext() }))
      }
      service.fake.hooks = {}
      expect(await resume({ ...service, state: undefined, journal, context: testContext() })).to.have.property(
        'kind',
        'rotated',
      )
    })

    it('is undone by an adapter that answers that it did nothing', async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      lose()
      await failure(rotate(undefined, testContext(), journal))
      answerWith(422, {})
      expect(await resume({ ...service, state: undefined, journal, context: testContext() })).to.have.property(
        'kind',
        'undone',
      )
    })

    it('asks nothing where the state was rotated since', async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      const first = await rotate()
      lose()
      await failure(rotate(first, testContext(), journal))
      const theirs = { current: secret<PlainObject>({ password: 'theirs' }) }
      const asked = service.fake.calls.length
      const reconciled = await resume({ ...service, state: theirs, journal, context: testContext() })
      expect(reconciled).to.deep.equal({ kind: 'rotated', state: theirs })
      expect(service.fake.calls).to.have.length(asked)
    })

    it('refuses to ask another adapter', async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      lose()
      await failure(rotate(undefined, testContext(), journal))
      const inputs = { ...service.inputs, url: `${service.inputs.url}2` }
      const error = await failure(
        service.rotator.reconcile(journal.pending!, { inputs, state: undefined }, testContext()),
      )
      expect(error.code).to.equal('conflict')
    })
  })

  for (const status of [301, 307, 400, 401, 403, 404, 422, 429]) {
    it(`takes HTTP ${status} for a refusal, and follows nothing`, async () => {
      const journal: Journal<ExternalPending> = { pending: undefined }
      answerWith(status, { error: 'no' }, { location: service.inputs.url })
      const error = await failure(rotate(undefined, testContext(), journal))
      expect(error.message).to.include(`HTTP ${status}`)
      expect(journal.pending).to.equal(undefined)
      expect(service.fake.calls).to.have.length(1)
    })
  }

  for (const status of [409, 425, 503]) {
    it(`asks again after HTTP ${status} with Retry-After`, async () => {
      let patience = 2
      service.fake.hooks = {
        before() {
          if (patience-- > 0) throw new Refusal({ status, body: {}, headers: { 'retry-after': '7' } })
        },
      }
      const context = testContext()
      await rotate(undefined, context)
      expect(context.slept()).to.equal(14_000)
      expect(new Set(keysSent())).to.have.property('size', 1)
    })
  }

  it('is sure that nothing happened where the adapter cannot be reached', async () => {
    const journal: Journal<ExternalPending> = { pending: undefined }
    const plan = await service.rotator.plan({ inputs: service.inputs, state: undefined }, testContext())
    await service.stop()
    const stage = async (pending: ExternalPending) => {
      journal.pending = pending
    }
    const error = await failure(
      service.rotator.rotate(plan, { inputs: service.inputs, state: undefined }, stage, testContext()),
    )
    expect(error.message).to.include('ECONNREFUSED')
    expect(journal.pending?.phase).to.equal('refused')
    service = await startAdapter()
  })

  it('is sure that nothing happened where the certificate is not trusted', async () => {
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const rotator = withContext(externalRotator({ lookup }), service.extras)
    const error = await failure(rotateOnce({ ...service, rotator, state: undefined, context: testContext() }))
    expect(error.message).to.match(/SELF_SIGNED|UNABLE_TO_VERIFY/)
    expect(service.fake.calls).to.deep.equal([])
  })

  describe('bad input', () => {
    const plan = (inputs: ExternalInputs, extras = service.extras) =>
      withContext(service.rotator, extras).plan({ inputs, state: undefined }, testContext())

    for (const [url, problem] of [
      ['http://adapter.example.org/rotate', 'not an https URL'],
      ['https://', 'not an https URL'],
      ['https://ann:s3cret@adapter.example.org/', 'user name or password'],
      ['https://adapter.example.org/#x', 'fragment'],
    ] as const) {
      it(`refuses ${url}`, async () => {
        const error = await failure(plan({ url }))
        expect(error.code).to.equal('invalid_input')
        expect(error.message).to.include(problem)
        expectNoSecret(error, 's3cret')
      })
    }

    it('refuses private addresses, unless the configuration allows the host', async () => {
      const strict = { ...service.extras, network: { privateHosts: [] } }
      const { port } = service.fake
      for (const url of [
        service.inputs.url,
        `https://127.0.0.1:${port}/`,
        `https://[::1]:${port}/`,
        `https://[::ffff:127.0.0.1]:${port}/`,
        `https://2130706433:${port}/`,
        'https://169.254.169.254/latest/meta-data',
      ]) {
        const rotator = withContext(
          externalRotator({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] }),
          strict,
        )
        const error = await failure(rotator.plan({ inputs: { url }, state: undefined }, testContext()))
        expect(error.code, url).to.equal('invalid_input')
        expect(error.hint).to.include('network.privateHosts')
      }
      expect(service.fake.calls).to.deep.equal([])
      await plan(service.inputs)
    })

    it('refuses addresses where machines get credentials, whatever the configuration allows', async () => {
      const lookup = async () => ['10.0.0.1', '169.254.169.254'].map((address) => ({ address, family: 4 }))
      const rotator = withContext(externalRotator({ lookup }), {
        ...service.extras,
        network: { privateHosts: ['*.example.org'], allowPrivate: async () => true },
      })
      const error = await failure(rotator.plan({ inputs: service.inputs, state: undefined }, testContext()))
      expect(error.message).to.include('the address 169.254.169.254 of adapter.example.org')
      expect(error.hint).to.include('network.privateHosts cannot allow it')
    })

    it('refuses a name that turns private between two looks', async () => {
      let looks = 0
      const lookup = async () => [{ address: looks++ === 0 ? '93.184.216.34' : '127.0.0.1', family: 4 }]
      const rotator = withContext(externalRotator({ lookup }), { ...service.extras, network: { privateHosts: [] } })
      const error = await failure(rotateOnce({ ...service, rotator, state: undefined, context: testContext() }))
      expect(error.message).to.include('127.0.0.1').and.to.include('not a public one')
      expect(service.fake.calls).to.deep.equal([])
    })

    it('refuses a host with one private address among public ones', async () => {
      const lookup = async () => ['93.184.216.34', '10.0.0.1'].map((address) => ({ address, family: 4 }))
      const rotator = withContext(externalRotator({ lookup }), { ...service.extras, network: { privateHosts: [] } })
      const request = { inputs: service.inputs, state: undefined }
      expect((await failure(rotator.plan(request, testContext()))).message).to.include('10.0.0.1')
    })

    it('says that nobody knows the host', async () => {
      const lookup = async () => {
        throw Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
      }
      const rotator = withContext(externalRotator({ lookup }), service.extras)
      const error = await failure(rotator.plan({ inputs: service.inputs, state: undefined }, testContext()))
      expect(error.message).to.include('ENOTFOUND')
    })

    it('needs a key to sign with', async () => {
      const error = await failure(external.plan({ inputs: service.inputs, state: undefined }, testContext()))
      expect(error.code).to.equal('key_unavailable')
    })

    it('is turned away by an adapter that does not know the key', async () => {
      service.fake.trusted = undefined
      const error = await failure(rotate())
      expect(error.message).to.include('HTTP 401')
      expect(error.hint).to.include('Idempotency-Key')
    })
  })

  it('shows nothing of what an adapter says, nor of what it was sent', async () => {
    for (const status of [200, 302, 400, 500]) {
      service.fake.hooks = {
        before({ request }) {
          throw new Refusal({ status, body: `answer-canary ${request.body} ${JSON.stringify(request.headers)}` })
        },
      }
      const context = testContext()
      const current = secret<PlainObject>({ password: 'state-canary' })
      const error = await failure(rotate({ current }, context))
      const { authorization } = service.fake.calls.at(-1)!.request.headers
      const seen = [error, context.messages, context.warnings]
      expectNoSecret(seen, 'answer-canary', 'r3quest-canary', 'state-canary', String(authorization))
    }
  })

  it('does not know whether a credential works', async () => {
    const state = await rotate()
    const checks = await service.rotator.check!({ inputs: service.inputs, state }, testContext())
    expect(checks).to.have.length(1)
    expect(checks[0]).to.include({ credential: 'current', works: undefined })
  })

  it('tells rotations of one adapter apart by what they ask for', () => {
    const target = (request: PlainObject) => external.target({ url: 'https://a/', request: secret(request) })
    expect(target({ user: 'a' })).to.not.equal(target({ user: 'b' }))
    expect(target({ user: 'a' }))
      .to.equal(target({ user: 'a' }))
      .and.not.include('"a"')
  })

  it('closes its connections', async () => {
    let open = 0
    const server = createServer((socket) => {
      open++
      socket.on('close', () => open--)
      socket.on('error', () => {})
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const inputs = { url: `https://adapter.example.org:${port}/` }
    await failure(rotateOnce({ ...service, inputs, state: undefined, context: testContext() }))
    await new Promise((resolve) => server.close(resolve))
    expect(open).to.equal(0)
  })
})
