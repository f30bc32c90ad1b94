import { expect } from 'chai'
import type { TwilioApiKeyInputs } from '../../../src/rotators/issued/twilio-api-key.ts'
import { secret } from '../../../src/secret.ts'
import { Refusal } from '../../fakes/vendor-fake.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { twilioVendor } from './issued-vendors.ts'

describe('twilio-api-key at Twilio', () => {
  let vendor: Awaited<ReturnType<typeof twilioVendor>>
  beforeEach(async () => {
    vendor = await twilioVendor()
  })
  afterEach(() => vendor.stop())

  const plan = (inputs: TwilioApiKeyInputs) => vendor.rotator.plan({ inputs, state: undefined }, testContext())
  const rotate = (inputs: TwilioApiKeyInputs, state?: Parameters<typeof vendor.rotator.plan>[0]['state']) =>
    rotateOnce({ ...vendor, inputs, state, context: testContext() })

  it('appends its mark to the name, and cuts the name where the mark would not fit', async () => {
    await rotate(vendor.inputs)
    await rotate({ ...vendor.inputs, friendlyName: 'é'.repeat(64) })
    const { friendlyName: _, ...nameless } = vendor.inputs
    await rotate(nameless)
    const names = vendor.fake.keys.map(({ friendlyName }) => friendlyName)
    expect(names[0]).to.match(/^esc-prod esc-[0-9a-f]{16}$/)
    expect(names[1])
      .to.match(/^é{43} esc-[0-9a-f]{16}$/)
      .and.to.have.length(64)
    expect(names[2]).to.match(/^esc-[0-9a-f]{16}$/)
  })

  it('logs in with a Main key', async () => {
    const main = vendor.fake.addKey({ kind: 'main' })
    const login = { accountSid: vendor.fake.accountSid, apiKeySid: main.sid, apiKeySecret: secret(main.secret) }
    await rotate({ ...vendor.inputs, login })
    expect(vendor.ids()).to.have.length(2)
  })

  it('reads every page of the list', async () => {
    vendor.fake.pageSize = 2
    for (let i = 0; i < 7; i++) vendor.add()
    const current = vendor.add()
    const state = await rotate(vendor.inputs, { current })
    expect(state.previous?.sid).to.equal(current.sid)
    const { steps } = await plan(vendor.inputs)
    expect(steps.filter(({ what }) => what.includes('not managed here'))).to.have.length(9)
  })

  it('does not follow a next page elsewhere with the password', async () => {
    vendor.fake.hooks = {
      after({ action }) {
        if (action === 'list')
          throw new Refusal({ status: 200, body: { keys: [], next_page_uri: 'https://evil.example/' } })
      },
    }
    expect((await failure(plan(vendor.inputs))).message).to.include('in a form that is not documented')
  })

  it('makes a restricted key, whose policy keeps it from reading messages: that proves it', async () => {
    const policy = { allow: ['/twilio/voice/calls/list'] }
    const state = await rotate({ ...vendor.inputs, keyType: 'restricted', policy })
    expect(vendor.fake.keys[0]).to.deep.include({ sid: state.current.sid, kind: 'restricted', policy })
    expect(vendor.fake.calls.filter(({ action }) => action === 'messages').map(({ outcome }) => outcome)).to.deep.equal(
      [403, 403, 403],
    )
  })

  it('changes from standard to restricted keys and back, and retires those of the other kind', async () => {
    const policy = { allow: ['/twilio/voice/calls/list'] }
    const restricted: TwilioApiKeyInputs = { ...vendor.inputs, keyType: 'restricted', policy }
    const first = await rotate(vendor.inputs)
    const second = await rotate(restricted, first)
    expect(second.previous?.sid).to.equal(first.current.sid)
    const third = await rotate(vendor.inputs, second)
    expect(third.previous?.sid).to.equal(second.current.sid)
    await vendor.rotator.retire!(second, { inputs: vendor.inputs, state: third }, testContext())
    expect(vendor.ids()).to.deep.equal([second.current.sid, third.current.sid])
    const fourth = await rotate(vendor.inputs, third)
    await vendor.rotator.retire!(third, { inputs: vendor.inputs, state: fourth }, testContext())
    expect(vendor.ids()).to.deep.equal([third.current.sid, fourth.current.sid])
  })

  describe('bad input', () => {
    const key = 'SK00112233445566778899aabbccddeeff'
    const cases: readonly [string, (inputs: TwilioApiKeyInputs) => TwilioApiKeyInputs, RegExp][] = [
      ['no account SID', (i) => ({ ...i, login: { ...i.login, accountSid: 'AC12/Keys' } }), /is not an account SID/],
      ['no proof', ({ login, ...i }) => ({ ...i, login: { accountSid: login.accountSid } }), /must hold either/],
      [
        'two proofs',
        (i) => ({ ...i, login: { ...i.login, apiKeySid: key, apiKeySecret: secret('s') } }),
        /must hold either/,
      ],
      [
        'half a key',
        ({ login, ...i }) => ({ ...i, login: { accountSid: login.accountSid, apiKeySid: key } }),
        /must hold either/,
      ],
      ['a name of 65 characters', (i) => ({ ...i, friendlyName: 'x'.repeat(65) }), /more than 64 characters/],
      ['a policy for a standard key', (i) => ({ ...i, policy: { allow: ['x'] } }), /standard key/],
      ['a restricted key without a policy', (i) => ({ ...i, keyType: 'restricted' }), /needs a `policy`/],
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

    it('says that a standard key cannot manage keys', async () => {
      const { sid, secret: text } = vendor.fake.addKey()
      const login = { accountSid: vendor.fake.accountSid, apiKeySid: sid, apiKeySecret: secret(text) }
      const error = await failure(plan({ ...vendor.inputs, login }))
      expect(error.message).to.include('20003')
      expect(error.hint).to.include('Main key')
    })

    it('hides the token in a wrong login, in all the forms it is sent in', async () => {
      const login = { accountSid: vendor.fake.accountSid, authToken: secret('wrong-canary-token') }
      const error = await failure(plan({ ...vendor.inputs, login }))
      const basic = Buffer.from(`${login.accountSid}:wrong-canary-token`).toString('base64')
      expect(error.message).to.include('[secret] [secret]')
      expectNoSecret(error, 'wrong-canary-token', basic)
    })
  })
})
