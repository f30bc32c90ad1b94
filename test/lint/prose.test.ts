import { expect } from 'chai'
import { phraseProblems, phrasesIn } from './prose.ts'

describe('what people read', () => {
  it('has no phrase that readers had to decode', () => {
    expect(phraseProblems()).to.deep.equal([])
  })

  it('is named by line, with what to write instead', () => {
    expect(phrasesIn('It rotates.\nIt rotates by the clock.\n')).to.deep.equal(['2: “by the clock”: write on schedule'])
    expect(phrasesIn('due by the clock of the server')).to.deep.equal([])
  })
})
