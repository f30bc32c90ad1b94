import { expect } from 'chai'
import { wideComments } from './comment-width.ts'

describe('comments', () => {
  it('are at most a hundred columns wide', () => {
    expect(wideComments()).to.deep.equal([])
  })

  it('are found to be wider, whatever their form', () => {
    const long = 'word '.repeat(20).trim()
    for (const text of [`// ${long}`, `  /** ${long} */`, `/**\n * ${long}\n */`, `   * ${long}`]) {
      expect(wideComments([{ file: 'src/a.ts', text }]), text).to.have.length(1)
    }
    const url = `https://example.com/${'a'.repeat(100)}`
    for (const text of [`const text = '${long}' // ${long}`, `// ${url}`, `// ${long}`.slice(0, 100)]) {
      expect(wideComments([{ file: 'src/a.ts', text }]), text).to.deep.equal([])
    }
  })
})
