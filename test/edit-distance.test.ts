import { expect } from 'chai'
import { editDistance } from '../src/edit-distance.ts'

describe('the edit distance', () => {
  it('counts insertions, deletions and substitutions', () => {
    expect(editDistance('kitten', 'sitting')).to.equal(3)
    expect(editDistance('', 'abc')).to.equal(3)
    expect(editDistance('abc', '')).to.equal(3)
    expect(editDistance([1, 2, 3], [1, 3])).to.equal(1)
  })

  it('counts two neighbours that changed places as one edit only when asked to', () => {
    expect(editDistance('asw', 'aws')).to.equal(2)
    expect(editDistance('asw', 'aws', { swaps: true })).to.equal(1)
  })
})
