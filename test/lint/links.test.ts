import { expect } from 'chai'
import { anchorsIn, linkProblems, linksOf } from './links.ts'

describe('links of pages', () => {
  it('lead to pages and headings that are there, and every page is linked from the index', () => {
    expect(linkProblems()).to.deep.equal([])
  })

  it('are read outside of code, with their lines', () => {
    const text = 'see [a](a.md)\n```\n[no](no.md)\n```\n`[no](no.md)` and [b](b.md#c-d), [web](https://x.example)\n'
    expect(linksOf(text)).to.deep.equal([
      { line: 1, to: 'a.md' },
      { line: 5, to: 'b.md#c-d' },
    ])
    expect(linksOf('````\n```\n[no](no.md)\n```\n````\n[a](a.md)')).to.deep.equal([{ line: 6, to: 'a.md' }])
  })

  it('find headings as repository hosts name them', () => {
    const text = '# `esc run`\n## What it does, and why\n## What it does, and why\n```\n# no\n```\n<a id="own"></a>\n'
    expect([...anchorsIn(text)]).to.deep.equal(['esc-run', 'what-it-does-and-why', 'what-it-does-and-why-1', 'own'])
  })
})
