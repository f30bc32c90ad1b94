import { expect } from 'chai'
import { messageOf } from '../../src/errors.ts'
import type { Plain, PlainObject } from '../../src/plain.ts'
import { dataFault, guardProvider, guardRotator, withSecretsOf } from '../../src/plugins/index.ts'
import type { Rotator } from '../../src/rotators/index.ts'
import { Secret, secret } from '../../src/secret.ts'
import { failure } from '../rotators/failure.ts'
import { testContext } from '../rotators/test-context.ts'
import { importable } from '../sources.ts'

const state = {
  type: 'object',
  properties: { id: { type: 'string' }, token: { type: 'string', secret: true } },
} as const
const request = { inputs: {}, state: undefined }

function guarded(change: Partial<Record<keyof Rotator, unknown>>): Rotator {
  const rotator = { name: 'x', description: '', inputs: true, state, outputs: state, target: () => undefined }
  return guardRotator({ ...rotator, ...change } as unknown as Rotator, 'esc-rotator-x')
}

describe('guardRotator()', () => {
  it('makes secret what the schema calls secret, in a new state and in what readers see', async () => {
    const rotator = guarded({
      open: (held: PlainObject) => held,
      reconcile: async () => ({ kind: 'rotated', state: { id: 'a', token: 't0ken' } }),
    })
    const reconciled = await rotator.reconcile({}, request, testContext())
    if (reconciled.kind !== 'rotated') throw new Error('not rotated')
    expect(reconciled.state.id).to.equal('a')
    expect((reconciled.state.token as Secret).reveal()).to.equal('t0ken')
    expect(rotator.open({ token: 't0ken' }))
      .to.have.property('token')
      .that.is.instanceOf(Secret)
    expect(rotator.open(undefined)).to.equal(undefined)
  })

  it('refuses a record that no journal can keep, before it is staged', async () => {
    const staged: unknown[] = []
    for (const record of [{ at: new Date() }, [1], 'text', { f: () => 1 }, { n: Number.NaN }, { big: 1n }]) {
      const rotator = guarded({
        rotate: (_plan: unknown, _request: unknown, stage: (record: unknown) => Promise<void>) => stage(record),
      })
      const stage = async (each: PlainObject) => void staged.push(each)
      const { message } = await failure(rotator.rotate({ steps: [] }, request, stage, testContext()))
      expect(message).to.match(/^rotator x of esc-rotator-x breaks the contract: it stages what is not data: record/)
    }
    expect(staged).to.deep.equal([])
  })

  it('refuses answers that the contract does not have', async () => {
    for (const reconciled of [undefined, {}, { kind: 'rotated' }, { kind: 'rotated', state: 's' }, { kind: 'done' }]) {
      const { message } = await failure(
        guarded({ reconcile: async () => reconciled }).reconcile({}, request, testContext()),
      )
      expect(message).to.include('neither a new state nor `undone`')
    }
    for (const plan of [undefined, {}, { steps: [{}] }, { steps: 'none' }]) {
      const { message } = await failure(guarded({ plan: async () => plan }).plan(request, testContext()))
      expect(message).to.include('its plan has no steps')
    }
    expect(() => guarded({ target: () => 5 }).target({})).to.throw('its target is not text')
  })

  it('has retire and check only where the rotator has', async () => {
    expect(guarded({})).to.not.have.any.keys('retire', 'check')
    expect(await guarded({ check: async () => undefined }).check?.(request, testContext())).to.deep.equal([])
  })
})

describe('guardProvider()', () => {
  it('makes secret what the schema calls secret, and refuses what is not data', async () => {
    const open = (answer: unknown) => {
      const provider = { name: 'p', description: '', inputs: true, outputs: state, open: async () => answer as Plain }
      return guardProvider(provider, 'esc-p').open({}, { now: () => new Date(), signal: new AbortController().signal })
    }
    expect(await open({ token: 't' }))
      .to.have.property('token')
      .that.is.instanceOf(Secret)
    expect((await failure(open(new Map()))).message).to.include('outputs is a Map')
    expect((await failure(open(undefined))).message).to.include('outputs is undefined')
  })
})

describe('withSecretsOf()', () => {
  it('keeps what the value itself calls secret', () => {
    const value = withSecretsOf(state, { id: secret('i'), token: 't', more: [secret('s'), 1, null] }) as PlainObject
    expect(JSON.stringify(value)).to.equal('{"id":"[secret]","token":"[secret]","more":["[secret]",1,null]}')
    expect((value.id as Secret).reveal()).to.equal('i')
  })
})

describe('dataFault()', () => {
  it('names the place, and never the value', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    class Credential {}
    const faults = [{ a: [1, { b: new Date() }] }, { a: secret({ b: (() => 1) as never }) }, circle, new Credential()]
    expect(faults.map((value) => dataFault(value, 'state'))).to.deep.equal([
      'state.a[1].b is a Date',
      'state.a (a secret).b is a function',
      'state.self holds itself',
      'state is a Credential',
    ])
    expect(dataFault({ a: [null, 'x', 1.5, true], b: undefined, c: secret({ d: [] }) }, 'state')).to.equal(undefined)
  })
})

describe('Secret and EscError of another copy of this program', () => {
  it('are what they are', async () => {
    // The query makes it another module: its classes are not ours.
    const copies = { secret: '../../src/secret.ts?copy', errors: '../../src/errors.ts?copy' }
    const others = { ...(await import(importable(copies.secret))), ...(await import(importable(copies.errors))) }
    expect(others.Secret).to.not.equal(Secret)
    const theirs = others.secret('s3cret')
    expect(theirs).to.be.instanceOf(Secret)
    expect(withSecretsOf(true, { theirs })).to.have.property('theirs').that.is.instanceOf(Secret)
    expect(JSON.stringify(withSecretsOf(true, { theirs }))).to.equal('{"theirs":"[secret]"}')
    const { EscError } = await import('../../src/errors.ts')
    const { VendorError } = await import('../../src/rotators/vendor-error.ts')
    const error = new others.EscError('provider_failed', 'no', { hint: 'wait', transient: true })
    expect(error).to.be.instanceOf(EscError)
    expect(error).to.not.be.instanceOf(VendorError)
    expect(messageOf(error)).to.equal('no')
    expect(new VendorError('x', { code: 'x', refused: true, hint: undefined })).to.be.instanceOf(EscError)
    expect(new Error('x')).to.not.be.instanceOf(EscError)
    expect({ reveal: () => 1 }).to.not.be.instanceOf(Secret)
  })
})
