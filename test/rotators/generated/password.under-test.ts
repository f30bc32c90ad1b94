import { noProblems } from '../../crash-matrix/subject.ts'
import { nothing, rotations, shown } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'none',
  start: async () => ({ inputs: { length: 20 }, problems: async () => noProblems }),
  badInputs: rotations({
    start: nothing,
    bad: {
      'too short': { set: { length: 7 }, says: ['greater than or equal to 8'] },
      'too long': { set: { length: 101 }, says: ['less than or equal to', '100'] },
      'half a character': { set: { length: 8.5 }, says: ['`length` is 8.5'], remedy: /length: 9/ },
      'a length in words': { set: { length: 'long' }, says: ['expected number, got string'] },
      'minimums above the length': {
        set: { length: 8, minLower: 5, minUpper: 4 },
        says: ['minimums add up to 9', '8'],
        remedy: /raise `length`/,
      },
      'a minimum below 0': { set: { minLower: -1 }, says: ['greater than or equal to 0'] },
      'a minimum of a kind that is off': {
        set: { special: false, minSpecial: 1 },
        says: ['`minSpecial` is 1 while `special` is off'],
        remedy: /special: true/,
      },
      'nothing to use': {
        set: { lower: false, upper: false, numeric: false, special: false },
        says: ['`lower`, `upper`, `numeric` and `special` are all off'],
        remedy: /leave at least one/,
      },
      'no special characters': {
        set: { overrideSpecial: '' },
        says: ['`overrideSpecial` is empty'],
        remedy: /special: false/,
      },
      'a line break among the special characters': shown('overrideSpecial', '!\n', /can be seen/),
      'a misspelt input': { set: { lenght: 20 }, says: ['unknown property "lenght"'] },
      'a state that is none': { state: { current: 5 }, says: ['expected string, got number'] },
    },
  }),
}
