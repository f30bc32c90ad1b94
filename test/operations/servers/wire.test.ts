import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../../src/errors.ts'
import { JsonNumber } from '../../../src/json.ts'
import { fromWire, toWire } from '../../../src/operations/servers/wire.ts'
import { RichText, rich, step } from '../../../src/rich-text.ts'
import { Secret } from '../../../src/secret.ts'
import { runs } from '../../sample.ts'

const overTheWire = (value: unknown) => fromWire(JSON.parse(JSON.stringify(toWire(value))))

describe('the wire', () => {
  it('loses nothing of what JSON does not have', () => {
    const values = {
      date: new Date('2026-03-04T05:06:07.089Z'),
      bytes: new Uint8Array([0, 255, 10]),
      map: new Map<unknown, unknown>([
        ['a', 1],
        ['b', new Date(0)],
      ]),
      set: new Set(['x', 2]),
      big: 12345678901234567890n,
      numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5],
      list: [undefined, null, 'half a pair: \ud800'],
      marked: { $: 'date', of: 'not one' },
      nested: [{ $: { $: 1 } }],
    }
    expect(overTheWire(values)).to.deep.equal(values)
    expect(Object.is(overTheWire(-0), -0)).to.equal(true)
    expect((overTheWire(new JsonNumber('1.10')) as JsonNumber).text).to.equal('1.10')
    expect((overTheWire(new Secret({ password: 'hunter2' })) as Secret).reveal()).to.deep.equal({ password: 'hunter2' })
  })

  it('keeps remedies of texts and errors, and no cause', () => {
    const hint = rich`save it, or ${step('discard it', { do: 'discard-edit', environment: 'app/dev' })}`
    const read = overTheWire(new EscError('locked', 'busy', { hint, transient: true, cause: new Error('hunter2') }))
    expect(read).to.be.instanceOf(EscError)
    const error = read as EscError
    expect([error.code, error.message, error.hint, error.transient]).to.deep.equal([
      'locked',
      'busy',
      'save it, or discard it',
      true,
    ])
    expect(error.remedies).to.deep.equal([{ do: 'discard-edit', environment: 'app/dev' }])
    expect(error.cause).to.equal(undefined)
    expect(overTheWire(hint)).to.be.instanceOf(RichText)
  })

  it('makes objects in which only their own members are found', () => {
    const read = overTheWire(JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}')) as Record<string, unknown>
    expect(Object.keys(read)).to.deep.equal(['__proto__', 'a'])
    expect(read.constructor).to.equal(undefined)
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
  })

  it('refuses what it cannot carry, and what it does not know', () => {
    class Other {}
    expect(() => toWire({ run() {} })).to.throw('function')
    expect(() => toWire([new Other()])).to.throw('Other')
    for (const wire of [
      { $: 'regexp', of: 'x' },
      { $: 'date', of: 1 },
      { $: 'map', of: [1] },
      { $: 'error', of: {} },
    ])
      expect(() => fromWire(wire)).to.throw()
  })

  it('brings back whatever is data', () => {
    const data = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,

      withNullPrototype: true,
      maxDepth: 4,
    })
    const isSendable = (value: unknown): boolean => {
      try {
        toWire(value)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(data.filter(isSendable), (value) => {
        expect(toWire(overTheWire(value))).to.deep.equal(toWire(value))
      }),
      runs(300, 20_000),
    )
  })
})
