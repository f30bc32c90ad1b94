import { expect } from 'chai'
import fc from 'fast-check'
import { Redactor } from '../../src/terminal/redact.ts'
import { secretForms } from '../../src/terminal/secret-forms.ts'

function redact(patterns: readonly string[], chunks: readonly string[]): string {
  const redactor = new Redactor(patterns.map((pattern) => Buffer.from(pattern)))
  const written = chunks.map((chunk) => redactor.push(Buffer.from(chunk)))
  return Buffer.concat([...written, redactor.end()]).toString()
}

/** The slow, obvious way: hide every byte of every occurrence; overlapping occurrences are one. */
function plainly(patterns: readonly string[], text: string): string {
  const ranges: [number, number][] = []
  for (const pattern of patterns) {
    for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, at + 1))
      ranges.push([at, at + pattern.length])
  }
  ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1])
  let out = ''
  let position = 0
  let open = -1
  for (const [start, end] of ranges) {
    if (start < open) {
      open = Math.max(open, end)
      position = open
      continue
    }
    out += `${text.slice(position, start)}[secret]`
    open = end
    position = end
  }
  return out + text.slice(position)
}

describe('Redactor', () => {
  it('hides a secret wherever the chunks break', () => {
    for (let cut = 0; cut <= 21; cut++) {
      const text = 'before hunter2! after'
      expect(redact(['hunter2'], [text.slice(0, cut), text.slice(cut)])).to.equal('before [secret]! after')
    }
  })

  it('hides a secret that spans lines', () => {
    expect(redact(['one\ntwo'], ['x one\n', 'two y'])).to.equal('x [secret] y')
  })

  it('hides the longer of two secrets of which one begins or lies inside the other', () => {
    expect(redact(['abc', 'abcdef'], ['abcdef abc'])).to.equal('[secret] [secret]')
    expect(redact(['abc', 'xabcyyy'], ['xabc', 'z xabcyyy'])).to.equal('x[secret]z [secret]')
  })

  it('hides both of two overlapping secrets with one mask, and adjacent ones with two', () => {
    expect(redact(['abcd', 'cdef'], ['--abcdef--'])).to.equal('--[secret]--')
    expect(redact(['hunter2'], ['hunter2hunter2'])).to.equal('[secret][secret]')
  })

  it('holds back nothing that cannot begin a secret', () => {
    const redactor = new Redactor([Buffer.from('hunter2')])
    expect(Buffer.from(redactor.push(Buffer.from('Password: '))).toString()).to.equal('Password: ')
    expect(Buffer.from(redactor.push(Buffer.from('hunt'))).toString()).to.equal('')
    expect(Buffer.from(redactor.push(Buffer.from('ing'))).toString()).to.equal('hunting')
  })

  it('lets go a short beginning after a pause, and still hides the rest of the secret', () => {
    const redactor = new Redactor([Buffer.from('hunter2')])
    expect(Buffer.from(redactor.push(Buffer.from('oh'))).toString()).to.equal('o')
    expect(Buffer.from(redactor.idle()).toString()).to.equal('h')
    expect(Buffer.from(redactor.push(Buffer.from('unter2.'))).toString()).to.equal('[secret].')
    expect(Buffer.from(redactor.push(Buffer.from('hunter'))).toString()).to.equal('')
    expect(redactor.idle()).to.have.length(0)
  })

  it('passes everything through when there is nothing to hide', () => {
    expect(redact([], ['any', 'thing'])).to.equal('anything')
  })

  it('does what hiding every occurrence in the whole text would do', () => {
    const letter = fc.constantFrom('a', 'b', 'c')
    const word = fc.string({ unit: letter, minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 5 }),
        fc.array(fc.string({ unit: letter, maxLength: 12 }), { maxLength: 6 }),
        (patterns, chunks) => {
          expect(redact(patterns, chunks)).to.equal(plainly(patterns, chunks.join('')))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('copes with patterns that use all 256 bytes', () => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i)
    const redactor = new Redactor([every, every.toReversed()])
    const out = Buffer.concat([redactor.push(every.slice(0, 100)), redactor.push(every.slice(100)), redactor.end()])
    expect(out.toString()).to.equal('[secret]')
  })
})

describe('secretForms', () => {
  const secret = 'p@ss w0rd/+"$é'

  it('knows the encoded forms of a secret, at every alignment', () => {
    const redactor = (text: string) => {
      const each = new Redactor(secretForms([secret]))
      return Buffer.concat([each.push(Buffer.from(text)), each.end()]).toString()
    }
    const bytes = Buffer.from(secret)
    for (const text of [
      secret,
      bytes.toString('hex'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      new URLSearchParams({ a: secret }).toString().slice(2),
    ]) {
      expect(redactor(`<${text}>`), text).to.equal('<[secret]>')
    }
    for (const prefix of ['', 'a', 'ab', 'abc']) {
      const encoded = Buffer.concat([Buffer.from(prefix), bytes, Buffer.from('tail')]).toString('base64')
      const shown = redactor(encoded)
      expect(shown).to.include('[secret]')
      // At most one character on each side belongs to the secret and a neighbour.
      expect(shown.length).to.be.lessThan(encoded.length - bytes.length + '[secret]'.length)
    }
  })

  it('looks for the longer lines of a secret of several lines', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nend\n-----END KEY-----\n'
    const forms = secretForms([key]).map((form) => Buffer.from(form).toString())
    expect(forms).to.include('MIIEvQIBADANBgkq')
    expect(forms).to.not.include('end')
  })

  it('ignores secrets of fewer than three bytes', () => {
    expect(secretForms(['', 'a', 'ab'])).to.deep.equal([])
    expect(secretForms(['é!'])).to.have.length(1)
  })
})
