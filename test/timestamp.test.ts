import { expect } from 'chai'
import fc from 'fast-check'
import { timestamp } from '../src/timestamp.ts'

describe('a timestamp', () => {
  it('is what toISOString() writes', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(timestamp(date)).to.equal(date.toISOString())
      }),
    )
    const years = fc.date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31') })
    fc.assert(
      fc.property(years, (date) => {
        expect(timestamp(date)).to.equal(date.toISOString())
      }),
      { numRuns: 1000 },
    )
  })

  it('is an error for a date that is none', () => {
    expect(() => timestamp(new Date(Number.NaN))).to.throw(RangeError)
  })
})
