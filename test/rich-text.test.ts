import { expect } from 'chai'
import { worded, wordedData } from '../src/cli/terminal/wording.ts'
import { EscError, hintOf, textOfError } from '../src/errors.ts'
import { SecretMask } from '../src/masking/index.ts'
import {
  again,
  input,
  joined,
  type RichText,
  remediesIn,
  rich,
  step,
  textOfParts,
  textParts,
} from '../src/rich-text.ts'

const save = { do: 'save-definition', environment: 'app/dev' } as const
const discard = { do: 'discard-edit', environment: 'app/dev' } as const
const text = rich`${step('save it', save)}, or ${step('discard it', discard)}; nothing was rotated`

describe('a text with remedies', () => {
  it('is plain language as a string and as JSON, and names commands at a terminal', () => {
    expect(String(text)).to.equal('save it, or discard it; nothing was rotated')
    expect(JSON.parse(JSON.stringify({ text }))).to.deep.equal({ text: String(text) })
    expect(worded(text)).to.equal(
      'save it with "esc env save app/dev", or discard it with "esc env discard app/dev"; nothing was rotated',
    )
    expect(text.remedies).to.deep.equal([save, discard])
  })

  it('names inputs: by their names, and as flags at a terminal', () => {
    const told = rich`${input('url')} is wrong: quote it, or pass ${again('string')} ${2}`
    expect(String(told)).to.equal('"url" is wrong: quote it, or pass "string" 2')
    expect(worded(told)).to.equal('--url is wrong: quote it, or pass --string 2')
    expect(told.remedies).to.deep.equal([{ do: 'repeat', with: 'string' }])
  })

  it('can be a part of another, with its remedies', () => {
    const longer = joined([undefined, text, '', rich`then ${step('go on', { do: 'resume-rotation' })}`], '; ')
    expect(String(longer)).to.equal(`${text}; then go on`)
    expect((longer as RichText).remedies).to.have.length(3)
    expect(joined([undefined, ''], '; ')).to.equal(undefined)
    expect(joined(['only'], '; ')).to.equal('only')
  })

  it('quotes a path for the shell in the command, and leaves it as it is in the data', () => {
    const remedy = { do: 'rotate', environment: 'app/dev', paths: ['a["b c"]'] } as const
    expect(worded(rich`${step('rotate it', remedy)}`)).to.equal(`rotate it with "esc env rotate app/dev 'a["b c"]'"`)
  })
})

describe('an error with remedies', () => {
  it('has them as data, beside a message and a hint in plain language', () => {
    const error = new EscError('usage', rich`${input('once')} is over`, { hint: rich`${step('save it', save)}` })
    expect(error.message).to.equal('"once" is over')
    expect(error.hint).to.equal('save it')
    expect(error.remedies).to.deep.equal([save])
    expect(worded(textOfError(error))).to.equal('--once is over')
  })

  it('may be of a plugin with an earlier copy of the class', () => {
    const earlier = Object.assign(new Error('no'), { [Symbol.for('esc.error')]: true, code: 'io', hint: 'wait' })
    expect(hintOf(earlier)).to.equal('wait')
    expect(textOfError(earlier)).to.equal('no')
  })

  it('loses secrets in its remedies too, and where one begins before a mark', () => {
    const path = { do: 'show-environment', environment: 'app/dev', path: 'hunter2' } as const
    const masked = new SecretMask(['hunter2', 'so save it']).error(
      new EscError('io', 'no', { hint: rich`${step('look', path)}` }),
    ) as EscError
    expect(masked.remedies).to.deep.equal([{ ...path, path: '[secret]' }])
    const across = new SecretMask(['so save it']).rich(rich`do so ${step('save it', save)}`)
    expect(across).to.equal('do [secret]')
  })
})

describe('a text that is kept', () => {
  it('has its remedies when it is read again, and none that was only written there', () => {
    const kept = (parts: unknown) => textOfParts(JSON.parse(JSON.stringify(parts)))
    const both = rich`${text}, or give ${input('force')}`
    expect(kept(textParts(both))?.toString()).to.equal(String(both))
    expect(remediesIn(kept(textParts(both)))).to.deep.equal([save, discard])
    expect(String(kept(textParts('plain')))).to.equal('plain')
    for (const wrong of [undefined, 'text', {}, [1], [null], [{}], [{ words: 1, remedy: save }], ['a', [save]]])
      expect(textOfParts(wrong), JSON.stringify(wrong)).to.equal(undefined)
    for (const remedy of [null, 'rotate', {}, { do: 1 }, { do: 'rotate', paths: [1] }, { do: 'rotate', paths: {} }]) {
      const read = kept(['first ', { words: 'rotate', remedy }])
      expect([String(read), remediesIn(read)]).to.deep.equal(['first rotate', []])
    }
  })
})

describe('data for programs', () => {
  it('has texts in the words of the terminal, with their remedies beside them', () => {
    const report = { status: 'failed', paths: [{ path: 'a', hint: text }, { path: 'b' }], warnings: ['no', text] }
    expect(wordedData(report)).to.deep.equal({
      status: 'failed',
      paths: [{ path: 'a', hint: worded(text), remedies: [save, discard] }, { path: 'b' }],
      warnings: ['no', worded(text)],
      remedies: [save, discard],
    })
  })

  it('are the same object where there is no such text', () => {
    const report = { a: [{ b: null }], date: new Date() }
    expect(wordedData(report)).to.equal(report)
  })
})
