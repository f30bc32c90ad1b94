import { expect } from 'chai'
import { sentencesOf } from './sentences.ts'

describe('sentences of a page', () => {
  it('are those of paragraphs, items and cells, with their places, and not of code', () => {
    const page = [
      '# A heading',
      '<!-- a comment. With sentences. -->',
      'One sentence over',
      'two lines. Another with `a b c` in it.',
      '',
      '- An item.',
      '- A second [item](x.md).',
      '```console',
      '$ code is none. At all.',
      '```',
      '| A cell | Another one. Yes |',
      '|---|---|',
    ].join('\n')
    expect(sentencesOf(page).map(({ line, words, text }) => `${line} ${words} ${text}`)).to.deep.equal([
      '3 5 One sentence over two lines.',
      '3 5 Another with `a b c` in it.',
      '6 2 An item.',
      '7 3 A second item.',
      '11 2 A cell',
      '11 2 Another one.',
      '11 1 Yes',
    ])
  })
})
