import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import type { PlainObject } from '../../../src/plain.ts'
import type { IssuedPending, IssuedState } from '../../../src/rotators/issued/kit/index.ts'
import { Dropped, Refusal } from '../../fakes/vendor-fake.ts'
import { sample } from '../../sample.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, resume, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import type { IssuedVendor } from './issued-vendor.ts'
import { issuedVendors } from './issued-vendors.ts'

type State = IssuedState<PlainObject>

for (const [name, start] of sample(Object.entries(issuedVendors), 4)) {
  describe(name, () => {
    let vendor: IssuedVendor
    beforeEach(async () => {
      vendor = await start()
    })
    afterEach(() => vendor.stop())

    const rotate = (state: State | undefined, context = testContext(), journal?: Journal<IssuedPending<PlainObject>>) =>
      rotateOnce({ ...vendor, state, context, ...(journal && { journal }) })
    const plan = (state: State | undefined, context = testContext()) =>
      vendor.rotator.plan({ inputs: vendor.inputs, state }, context)
    const idOf = (credential: PlainObject | undefined) => credential && vendor.idOf(credential)
    const gone = (): PlainObject => {
      const credential = vendor.add()
      vendor.drop(vendor.idOf(credential))
      return credential
    }
    const changes = () => vendor.fake.actions().filter((action) => [vendor.create, vendor.remove].includes(action))

    it('creates the first one and keeps nothing', async () => {
      const state = await rotate(undefined)
      expect(vendor.ids()).to.deep.equal([idOf(state.current)])
      expect(vendor.holds(state.current)).to.equal(true)
      expect(state).to.not.have.property('previous')
      expect(state.current.createdAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    })

    it('moves it from current to previous, and removes it once the next state is committed', async () => {
      const first = await rotate(undefined)
      const second = await rotate(first)
      expect(idOf(second.previous)).to.equal(idOf(first.current))
      const third = await rotate(second)
      expect(vendor.ids()).to.have.members([first.current, second.current, third.current].map(vendor.idOf))
      await vendor.rotator.retire!(second, { inputs: vendor.inputs, state: third }, testContext())
      expect(vendor.ids()).to.have.members([second.current, third.current].map(vendor.idOf))
    })

    it('says beforehand what it will do', async () => {
      const [previous, current, foreign] = [vendor.add(), vendor.add(), vendor.add()]
      const { steps } = await plan({ current, previous })
      const told = steps.map(({ action, what }) => `${action} ${what}`).join('\n')
      expect(told).to.match(/^create /m)
      expect(told).to.match(new RegExp(`^keep .*${idOf(current)}.*becomes previous`, 'm'))
      expect(told).to.match(new RegExp(`^keep .*${idOf(foreign)}.*not managed here`, 'm'))
      expect(told).to.match(new RegExp(`^delete .*${idOf(previous)}.*once the new one is saved`, 'm'))
      expect(changes()).to.deep.equal([])
      expectNoSecret(steps, ...vendor.secrets())
    })

    it('keeps C as previous when P is gone', async () => {
      const current = vendor.add()
      expect(idOf((await rotate({ current, previous: gone() })).previous)).to.equal(idOf(current))
    })

    it('leaves out a C that is gone, and warns', async () => {
      const context = testContext()
      const state = await rotate({ current: gone() }, context)
      expect(state).to.not.have.property('previous')
      expect(context.warnings.join()).to.include('`current` here')
    })

    it('keeps P when C is gone, as the one that consumers may hold', async () => {
      const previous = vendor.add()
      const superseded = { current: gone(), previous }
      const state = await rotate(superseded)
      expect(idOf(state.previous)).to.equal(idOf(previous))
      await vendor.rotator.retire!(superseded, { inputs: vendor.inputs, state }, testContext())
      expect(vendor.ids()).to.have.members([previous, state.current].map(vendor.idOf))
    })

    it('never touches what is not in the state', async () => {
      const foreign = idOf(vendor.add())
      const first = await rotate(undefined)
      const second = await rotate(first)
      const third = await rotate(second)
      await vendor.rotator.retire!(second, { inputs: vendor.inputs, state: third }, testContext())
      expect(vendor.ids()).to.include(foreign)
    })

    it('retires nothing that the committed state names, nor anything without one', async () => {
      const superseded = { current: vendor.add(), previous: vendor.add() }
      const before = vendor.ids()
      await vendor.rotator.retire!(superseded, { inputs: vendor.inputs, state: superseded }, testContext())
      await vendor.rotator.retire!(superseded, { inputs: vendor.inputs, state: undefined }, testContext())
      expect(vendor.ids()).to.deep.equal(before)
    })

    it('waits until a new one is accepted, and wants three successes in a row', async () => {
      vendor.fake.unknownFor = 3
      const context = testContext()
      await rotate(undefined, context)
      expect(vendor.fake.actions().filter(vendor.isLogin)).to.have.length(6)
      expect(context.slept()).to.equal(1_000 + 2_000 + 4_000 + 2 * 200)
    })

    it('deletes one that is never accepted, and says so', async () => {
      vendor.fake.unknownFor = 1_000
      const context = testContext()
      const error = await failure(rotate(undefined, context))
      expect(error.message).to.include('still unknown').and.to.include('it was deleted')
      expect(vendor.ids()).to.deep.equal([])
      expectNoSecret([error, context.messages, context.warnings], ...vendor.secrets())
    })

    it('sends one request to create when the answer is lost, and deletes what nobody knows the secret of', async () => {
      const foreign = idOf(vendor.add())
      vendor.fake.unlistedFor = 2
      vendor.fake.hooks = {
        after({ action }) {
          if (action === vendor.create) throw new Dropped()
        },
      }
      const current = vendor.add()
      await failure(rotate({ current }))
      expect(changes().filter((action) => action === vendor.create)).to.have.length(1)
      expect(vendor.ids()).to.deep.equal([foreign, idOf(current)])
    })

    describe('when it was cut off around the request to create', () => {
      const settleAfter = async (seconds: number) => {
        const made = new Date(Date.now() - seconds * 1_000)
        const pending: IssuedPending<PlainObject> = {
          phase: 'creating',
          subject: vendor.rotator.target(vendor.inputs)!.slice(vendor.rotator.name.length + 1),
          mark: 'esc-0123456789abcdef',
          stagedAt: made.toISOString(),
          ...(vendor.recordsBefore !== false && { before: { ids: [], at: made.toISOString() } }),
        }
        vendor.addLost(pending.mark, made)
        const context = testContext()
        await vendor.rotator.reconcile(pending, { inputs: vendor.inputs, state: undefined }, context)
        return context.slept()
      }

      it('finds what is listed late, though the request may have been sent long after it was recorded', async () => {
        await settleAfter(45)
        expect(vendor.ids()).to.deep.equal([])
      })

      it('does not wait when that was long ago', async () => {
        expect(await settleAfter(3_600)).to.equal(0)
      })
    })

    it('keeps the record while the new one cannot be tried, and finishes later', async () => {
      vendor.fake.hooks = {
        before({ action }) {
          if (vendor.isLogin(action)) throw new Dropped()
        },
      }
      const journal: Journal<IssuedPending<PlainObject>> = { pending: undefined }
      await failure(rotate(undefined, testContext(), journal))
      expect(journal.pending?.phase).to.equal('created')
      expect(vendor.ids()).to.have.length(1)
      vendor.fake.hooks = {}
      const reconciled = await resume({ ...vendor, state: undefined, journal, context: testContext() })
      expect(reconciled).to.have.property('kind', 'rotated')
    }).timeout(60_000)

    it('asks again when the vendor is busy, and creates once', async () => {
      let busy = 2
      vendor.fake.hooks = {
        before({ action }) {
          if (action !== vendor.create || busy-- <= 0) return
          throw new Refusal({ status: 429, body: busyAnswers[name.split(',')[0]!]! })
        },
      }
      const state = await rotate(undefined)
      expect(vendor.ids()).to.deep.equal([idOf(state.current)])
    })

    it('does not take a page of a proxy for a refusal', async () => {
      vendor.fake.hooks = {
        after({ action }) {
          if (action === vendor.create) throw new Refusal({ status: 403, body: '<html>blocked</html>' })
        },
      }
      const error = await failure(rotate(undefined))
      expect(error.message).to.include('HTTP 403')
      expect(vendor.ids(), 'what had been created').to.deep.equal([])
    })

    it('throws away nothing of an answer it cannot read: it finds what was created', async () => {
      vendor.fake.hooks = {
        after({ action }) {
          if (action === vendor.create) throw new Refusal({ status: 200, body: { hello: 'world' } })
        },
      }
      const error = await failure(rotate(undefined))
      expect(error.message).to.include('in a form that is not documented')
      expect(vendor.ids()).to.deep.equal([])
    })

    it('leaves everything as it is when it may not list', async () => {
      vendor.fake.hooks = {
        before({ action }) {
          if (action === vendor.list) throw new Refusal({ status: 403, body: busyAnswers[name.split(',')[0]!]! })
        },
      }
      const error = await failure(rotate({ current: vendor.add() }))
      expect(error).to.be.instanceOf(EscError)
      expect(changes()).to.deep.equal([])
    })

    it('does not follow a redirect', async () => {
      vendor.fake.hooks = {
        before({ action }) {
          if (action === vendor.list) {
            throw new Refusal({ status: 307, body: {}, headers: { location: 'https://elsewhere.example/' } })
          }
        },
      }
      expect((await failure(rotate(undefined))).message).to.include('HTTP 307')
    })

    it('says that the vendor cannot be reached', async () => {
      await vendor.fake.stop()
      const error = await failure(rotate(undefined))
      expect(error.message).to.include('ECONNREFUSED')
      expect(error).to.have.property('hint').that.includes('network')
      vendor = await start()
    })

    it('refuses to reconcile when the inputs name another one by now', async () => {
      const pending = {
        phase: 'creating',
        subject: 'another',
        mark: 'esc-0',
        stagedAt: '2026-01-01T00:00:00Z',
      } as const
      const error = await failure(
        vendor.rotator.reconcile(pending, { inputs: vendor.inputs, state: undefined }, testContext()),
      )
      expect(error).to.have.property('code', 'conflict')
      expect(error.message).to.include('another')
    })

    it('keeps what somebody else has made current since', async () => {
      const journal: Journal<IssuedPending<PlainObject>> = { pending: undefined }
      const basis = { current: vendor.add() }
      let record: IssuedPending<PlainObject> | undefined
      await rotateOnce({
        ...vendor,
        state: basis,
        context: testContext(),
        journal,
        onStage: () => {
          record = journal.pending
        },
      })
      const theirs = { current: vendor.add(), previous: basis.current }
      const reconciled = await vendor.rotator.reconcile(
        record!,
        { inputs: vendor.inputs, state: theirs },
        testContext(),
      )
      expect(reconciled.kind === 'rotated' && idOf(reconciled.state.previous)).to.equal(idOf(theirs.current))
    })

    it('returns the state as it is when an earlier run committed the credential', async () => {
      const journal: Journal<IssuedPending<PlainObject>> = { pending: undefined }
      let record: IssuedPending<PlainObject> | undefined
      const onStage = () => {
        record = journal.pending
      }
      const state = await rotateOnce({ ...vendor, state: undefined, context: testContext(), journal, onStage })
      const later = await rotate(state)
      for (const each of [state, later]) {
        expect(
          await vendor.rotator.reconcile(record!, { inputs: vendor.inputs, state: each }, testContext()),
        ).to.deep.equal({
          kind: 'rotated',
          state: each,
        })
      }
    })

    it('checks every credential, and changes nothing', async () => {
      const [previous, current, foreign] = [vendor.add(), vendor.add(), vendor.add()]
      const before = vendor.ids()
      const state = { current, previous }
      const checks = await vendor.rotator.check!({ inputs: vendor.inputs, state }, testContext())
      expect(checks.map(({ credential, works }) => [credential, works])).to.deep.equal([
        ['current', true],
        ['previous', true],
        ['foreign', undefined],
      ])
      expect(checks[2]!.what).to.include(idOf(foreign))
      const drifted = await vendor.rotator.check!({ inputs: vendor.inputs, state: { current: gone() } }, testContext())
      expect(drifted[0]).to.include({ credential: 'current', works: false })
      expect(drifted[0]!.detail).to.include('not listed')
      expect(vendor.ids()).to.deep.equal(before)
      expect(changes()).to.deep.equal([])
      expectNoSecret([checks, drifted], ...vendor.secrets())
    })

    it('opens what the state holds', () => {
      const state = { current: vendor.add(), previous: vendor.add() }
      expect(vendor.rotator.open(undefined)).to.equal(undefined)
      expect(vendor.rotator.open(state)).to.deep.equal(state)
    })

    it('warns when current is younger than ten minutes', async () => {
      const context = testContext()
      await rotate(await rotate(await rotate(undefined)), context)
      expect(context.warnings.join()).to.include('less than 10 minutes ago')
    })

    it('shows no secret, whatever the vendor answers', async () => {
      let asked = 0
      for (const status of [400, 401, 403, 404, 500]) {
        for (const target of ['create', 'list', 'login'] as const) {
          vendor.fake.hooks = {
            before(call) {
              const { action, request } = call
              const met = target === 'login' ? vendor.isLogin(action) : action === vendor[target]
              if (!met) return
              const echo = `${request.path} ${request.body} ${JSON.stringify(request.headers)} ${revealedOf(vendor.inputs)}`
              throw new Refusal({ status, body: echoed(echo) })
            },
          }
          const context = testContext()
          const error = await rotate({ current: vendor.add() }, context).then(
            () => undefined,
            (thrown: unknown) => thrown,
          )
          // What the vendor made itself and quotes out of the blue cannot be hidden; what we hold
          // can.
          expectNoSecret([error, context.messages, context.warnings], ...revealedOf(vendor.inputs))
          if (target !== 'login') expect(error).to.be.instanceOf(EscError)
          asked++
        }
      }
      expect(asked).to.equal(15)
    }).timeout(60_000)
  })
}

/** In the form of each vendor, so that their words are read. */
const busyAnswers: Readonly<Record<string, object>> = {
  'azure-app-secret': { error: { code: 'Request_ThrottledTemporarily', message: 'Too many requests' } },
  'gcp-service-account-key': {
    error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded per minute.' },
  },
  'http-issued': { error: { code: 'rate_limited', message: 'slow down' } },
  'openai-api-key': {
    error: { message: 'Rate limit reached', type: 'requests', param: null, code: 'rate_limit_exceeded' },
  },
  'openai-admin-key': { error: { message: 'Rate limit reached', type: 'requests', param: null, code: null } },
  'sendgrid-api-key': { errors: [{ field: null, message: 'too many requests' }] },
  'kubernetes-service-account-token': {
    kind: 'Status',
    reason: 'TooManyRequests',
    message: 'too many requests',
    code: 429,
  },
  'twilio-api-key': { code: 20429, message: 'Too many requests', status: 429 },
}

function echoed(text: string): object {
  return { error: 'invalid_client', error_description: text, code: 20003, message: text }
}

function revealedOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if ('reveal' in value) return [String((value as { reveal(): unknown }).reveal())]
  return Object.values(value).flatMap(revealedOf)
}
