import { expect } from 'chai'
import { fragmentsInDocComments } from './doc-comments.ts'

const judge = (comment: string) => fragmentsInDocComments([{ file: 'src/a.ts', text: `\n  ${comment}\n  x: 1` }])

describe('doc comments', () => {
  it('begin with a thing or a verb', () => {
    expect(fragmentsInDocComments()).to.deep.equal([])
  })

  it('are found to begin with a fragment, whatever their form', () => {
    for (const comment of [
      '/** What it does. */',
      '/**\n   * Whether it does.\n   */',
      '/** Undefined: it does not. */',
      '/** Where it comes from: a file. */',
    ])
      expect(judge(comment), comment).to.have.length(1)
    expect(judge('/** How it does. */')).to.deep.equal([
      'src/a.ts:2: a doc comment that begins with "How": begin with the thing, or a verb',
    ])
  })

  it('may hold such words further on, and other comments may begin with them', () => {
    for (const comment of [
      '/** Returns what it does. */',
      '/** `undefined` when it does not. */',
      '/** Whatever it does. */',
      '/** Where it may be missing, nobody knew it. */',
      '// What it does.',
    ])
      expect(judge(comment), comment).to.deep.equal([])
  })
})
