import { expect } from 'chai'
import { paragraphs, wrapLines } from '../../../src/cli/terminal/wrap.ts'

describe('wrapping lines', () => {
  it('breaks between words, and indents what follows as the line is', () => {
    expect(wrapLines('one two three\n  four five six', 10)).to.equal('one two\nthree\n  four\n  five six')
    expect(wrapLines('fits', 4)).to.equal('fits')
  })

  it('indents the second column of a list, and the words of a command', () => {
    expect(wrapLines('  --yes  do not ask again', 20)).to.equal('  --yes  do not ask\n         again')
    expect(wrapLines('  $ esc open app/dev --format json', 24)).to.equal('  $ esc open app/dev\n    --format json')
  })

  it('keeps a word that is wider than the terminal, and counts no colour', () => {
    expect(wrapLines('see https://example.com/a/very/long/path now', 12)).to.equal(
      'see\nhttps://example.com/a/very/long/path\nnow',
    )
    expect(wrapLines('\x1b[31mred\x1b[0m and blue', 12)).to.equal('\x1b[31mred\x1b[0m and blue')
    expect(wrapLines('日本語 日本語', 8)).to.equal('日本語\n日本語')
  })

  it('makes one line of a paragraph, and leaves lists and indented lines', () => {
    expect(paragraphs('a\nb\n\nc\nd')).to.equal('a b\n\nc d')
    expect(paragraphs('list:\n- a\n- b\n  more\n1. c')).to.equal('list:\n- a\n- b\n  more\n1. c')
  })
})
