import { expect } from 'chai'
import fc from 'fast-check'
import { scanInterpolation } from '../../src/language/index.ts'
import { interpolateArgument } from '../../src/workspace/program-environment.ts'

describe('an argument of a program', () => {
  it('that refers to nothing is what the language makes of it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[$a{}.\\ ]{0,12}$/), (argument) => {
        let mistaken = false
        const parts = scanInterpolation(argument, () => {
          mistaken = true
        })
        if (!mistaken && parts.some(({ access }) => access !== undefined)) return
        const expected = mistaken ? argument : parts.map(({ text }) => text).join('')
        expect(interpolateArgument({}, argument, new Set())).to.equal(expected)
      }),
      { numRuns: 5000 },
    )
  })
})
