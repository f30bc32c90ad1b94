import { noProblems } from '../../crash-matrix/subject.ts'
import { nothing, rotations } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'none',
  start: async () => ({ inputs: {}, problems: async () => noProblems }),
  badInputs: rotations({
    start: nothing,
    bad: {
      'too few words': { set: { length: 2 }, says: ['greater than or equal to 3'] },
      'too many words': { set: { length: 16 }, says: ['less than or equal to', '15'] },
      'half a word': { set: { length: 3.5 }, says: ['`length` is 3.5'], remedy: /counts words/ },
      'two separators': { set: { separator: '--' }, says: ['at most length 1'] },
      'no separator': { set: { separator: '' }, says: ['at least length 1'] },
      'a separator that ends the line': {
        set: { separator: '\n' },
        says: ['`separator` is "\\n"'],
        remedy: /can be seen/,
      },
      'capitals in words': { set: { capitalize: 'yes' }, says: ['expected boolean, got string'] },
      'a misspelt input': { set: { words: 5 }, says: ['unknown property "words"', 'length'] },
    },
  }),
}
