import { expect } from 'chai'
import fc from 'fast-check'
import { HiddenPatterns, Redactor } from '../../../src/masking/redactor/redactor.ts'
import { secretForms } from '../../../src/masking/secret-forms.ts'
import { runs, sample } from '../../sample.ts'
import { ENCODINGS, MARKUP } from './encodings.ts'
import { redactPlainly } from './redact-plainly.ts'

/** Texts are latin1: one character a byte. */
function redact(patterns: readonly string[], chunks: readonly string[]): string {
  return feed(
    hiding(patterns.map((pattern) => Buffer.from(pattern, 'latin1'))),
    chunks.map((chunk) => Buffer.from(chunk, 'latin1')),
  )
}

function hiding(patterns: Iterable<Uint8Array>): Redactor {
  return new Redactor(new HiddenPatterns(() => patterns))
}

function feed(redactor: Redactor, chunks: readonly Uint8Array[]): string {
  const written = chunks.map((chunk) => Buffer.from(redactor.push(chunk)))
  return Buffer.concat([...written, redactor.end()]).toString('latin1')
}

function pushed(redactor: Redactor, text: string): string {
  return Buffer.from(redactor.push(Buffer.from(text))).toString()
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

  it('hides a secret that somebody has broken into lines', () => {
    for (const lineBreak of ['\n', '\r\n', '\n\n']) {
      for (let at = 1; at < 10; at++) {
        const text = `${'0123456789'.slice(0, at)}${lineBreak}${'0123456789'.slice(at)}`
        expect(redact(['0123456789'], [`<\n${text}\n>`])).to.equal('<\n[secret]\n>')
        expect(redact(['0123456789'], [...`<\n${text}\n>`])).to.equal('<\n[secret]\n>')
      }
    }
  })

  it('keeps the line breaks around a secret', () => {
    expect(redact(['0123456789'], ['\n0123456789\n0123456789\r\n'])).to.equal('\n[secret]\n[secret]\r\n')
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
    const redactor = hiding([Buffer.from('hunter2')])
    expect(pushed(redactor, 'Password: ')).to.equal('Password: ')
    expect(pushed(redactor, 'hunt')).to.equal('')
    expect(pushed(redactor, 'ing')).to.equal('hunting')
  })

  it('passes everything through when there is nothing to hide', () => {
    expect(redact([], ['any', 'thing'])).to.equal('anything')
  })

  it('copes with patterns that use all 256 bytes', () => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i)
    const redactor = hiding([every, every.toReversed()])
    expect(feed(redactor, [every.slice(0, 100), every.slice(100)])).to.equal('[secret]')
  })

  it('passes on bytes that are not text, one by one, where no secret is among them', () => {
    const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919 + (i >> 3)) & 0xff)
    const redactor = hiding(secretForms(['correct horse', 'pässwörd']))
    expect(feed(redactor, [bytes])).to.equal(Buffer.from(bytes).toString('latin1'))
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(feed(redactor, pieces)).to.equal(Buffer.from(bytes).toString('latin1'))
  })

  describe('after a pause', () => {
    it('lets go a short beginning, and still hides the rest of the secret', () => {
      const redactor = hiding([Buffer.from('hunter2')])
      expect(pushed(redactor, 'oh')).to.equal('o')
      expect(Buffer.from(redactor.idle()).toString()).to.equal('h')
      expect(pushed(redactor, 'unter2.')).to.equal('[secret].')
      expect(pushed(redactor, 'hunter')).to.equal('')
      expect(redactor.idle()).to.have.length(0)
    })

    it('lets go no more of a secret when it comes byte by byte', () => {
      const redactor = hiding([Buffer.from('hunter2')])
      let out = ''
      for (const letter of 'hunter2!') out += pushed(redactor, letter) + Buffer.from(redactor.idle()).toString()
      expect(out).to.equal('hu[secret]!')
    })

    it('lets go up to a quarter of a long secret, and no more', () => {
      const redactor = hiding([Buffer.from('https://hooks.example.com/services/T000')])
      expect(pushed(redactor, 'Open https://')).to.equal('Open ')
      expect(Buffer.from(redactor.idle()).toString()).to.equal('https://')
      expect(pushed(redactor, 'hooks')).to.equal('')
      expect(redactor.idle()).to.have.length(0)
      expect(pushed(redactor, '.example.com/services/T000\n')).to.equal('[secret]\n')
    })

    it('lets a finished line go although a secret might go on in the next', () => {
      const redactor = hiding([Buffer.from('correct horse battery staple')])
      expect(pushed(redactor, 'is this correct\n')).to.equal('is this ')
      expect(Buffer.from(redactor.idle()).toString()).to.equal('correct\n')
    })

    it('shows a mask for what is still held back when somebody may be waiting', () => {
      const redactor = hiding([Buffer.from('hunter2')])
      expect(pushed(redactor, 'a hunter')).to.equal('a ')
      expect(redactor.holds).to.equal(true)
      expect(Buffer.from(redactor.impatient()).toString()).to.equal('[secret]')
      expect(redactor.impatient()).to.have.length(0)
      expect(pushed(redactor, '2, yes')).to.equal(', yes')
      expect(redactor.holds).to.equal(false)
    })

    it('never shows more of a secret than that, wherever the pauses are', () => {
      const secrets = ['hunter2', 'correct horse battery staple']
      fc.assert(
        fc.property(
          fc.constantFrom(...secrets),
          fc.array(fc.tuple(fc.nat(30), fc.constantFrom('idle', 'impatient'))),
          (secret, pauses) => {
            const redactor = hiding(secretForms(secrets))
            let out = ''
            for (const [i, letter] of [...`<${secret}>`].entries()) {
              out += pushed(redactor, letter)
              for (const [at, kind] of pauses)
                if (at === i) out += Buffer.from(redactor[kind as 'idle' | 'impatient']()).toString()
            }
            out += Buffer.from(redactor.end()).toString()
            expect(out).to.match(/^<.*\[secret\].*>$/)
            const shown = out.slice(1, -1).replaceAll('[secret]', '')
            expect(shown.length, out).to.be.at.most(Math.max(2, secret.length / 4))
          },
        ),
        { numRuns: 500 },
      )
    })
  })

  describe('against hiding every occurrence in the whole text, the slow way', () => {
    it('does the same for any patterns, chunks and line breaks', () => {
      const unit = fc.constantFrom('a', 'b', 'a', 'b', 'c', '\n', '\r')
      const pattern = fc.oneof(
        fc.string({ unit, minLength: 3, maxLength: 7 }),
        fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 20 }),
        fc.string({ unit, minLength: 8, maxLength: 20 }),
      )
      const text = fc.string({ unit, maxLength: 40 })
      fc.assert(
        fc.property(
          fc.array(pattern, { maxLength: 6 }).chain((patterns) =>
            fc.record({
              patterns: fc.constant(patterns),
              chunks: fc.array(patterns.length === 0 ? text : fc.oneof(text, fc.constantFrom(...patterns)), {
                maxLength: 8,
              }),
            }),
          ),
          ({ patterns, chunks }) => {
            expect(redact(patterns, chunks)).to.equal(redactPlainly(patterns, chunks.join('')))
          },
        ),
        runs(400, 3000),
      )
    })

    it('does the same for real secrets among bytes, cut anywhere', () => {
      const secrets = ['hunter2', 'hunter2-longer', 'ünïcödé-gëhëim', 'sk_live_51H8', 'a b"c\'d$e\\f/ g']
      const forms = secretForms(secrets).map((form) => Buffer.from(form).toString('latin1'))
      const piece = fc.oneof(
        fc.constantFrom(...forms),
        fc.constantFrom(...forms).chain((form) => fc.nat(form.length).map((length) => form.slice(0, length))),
        fc.constantFrom('\n', '\r\n', ' ', 'log line '),
        fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      )
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 6 }), (pieces, cuts) => {
          const text = pieces.join('')
          const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
          const chunks = places.slice(1).map((end, i) => text.slice(places[i], end))
          expect(redact(forms, chunks)).to.equal(redactPlainly(forms, text))
        }),
        runs(120, 1000),
      )
    })
  })

  describe('with every encoding, cut at every place, with a line break at every place', () => {
    const secret = `p@ss w0rd/+"$é'’s\\𝄞<&>`
    const patterns = secretForms([secret, 'another one', 'p@ss'])
    const texts = patterns.map((pattern) => Buffer.from(pattern).toString('latin1'))
    const redactor = hiding(patterns)
    const redacted = (chunks: readonly string[]) =>
      feed(
        redactor,
        chunks.map((chunk) => Buffer.from(chunk, 'latin1')),
      )
    for (const [name, encode] of Object.entries(ENCODINGS)) {
      it(name, () => {
        const whole = Buffer.from(encode(secret)).toString('latin1')
        const hidden = redactPlainly(texts, whole)
        // It is known to the slow way: at most the characters at the ends stay, which belong to
        // neighbours too.
        expect(hidden.replaceAll('[secret]', '').length, hidden).to.be.at.most(2)
        const places = Array.from({ length: whole.length + 1 }, (_, at) => at)
        for (const at of sample(places, 12)) {
          for (const lineBreak of ['', '\n', '\r\n']) {
            const text = `before ${whole.slice(0, at)}${lineBreak}${whole.slice(at)} after\n`
            const expected = redactPlainly(texts, text)
            expect(visible(expected), text).to.be.at.most(2)
            for (let cut = 0; cut <= text.length; cut++)
              if (redacted([text.slice(0, cut), text.slice(cut)]) !== expected)
                throw new Error(`cut at ${cut}: ${JSON.stringify(text)}`)
            expect(redacted([...text])).to.equal(expected)
          }
        }
      })
    }
  })
})

/** How many bytes between `before ` and ` after` are neither mask nor line break. */
function visible(redacted: string): number {
  return redacted
    .slice('before '.length, -' after\n'.length)
    .replaceAll('[secret]', '')
    .replace(/[\r\n]/g, '').length
}

describe('secretForms', () => {
  it('finds every secret with special characters in every encoding, wherever the chunks break', () => {
    const unit = fc.constantFrom(...`'"\`\\/%$&<>+=!#@:;?*()[]{}|~^-_. \n\taZ0éß’𝄞`)
    const secrets = fc.string({ unit, minLength: 6, maxLength: 16 }).filter((text) => text.trim().length >= 6)
    // Each starts bash.
    const encodings = Object.entries({ ...ENCODINGS, ...MARKUP }).filter(([name]) => name !== 'printf %q of bash')
    fc.assert(
      fc.property(secrets, fc.array(fc.nat(200), { maxLength: 5 }), (secret, cuts) => {
        const redactor = hiding(secretForms([secret]))
        for (const [name, encode] of encodings) {
          const encoded = encode(secret)
          const text = Buffer.from(`<${encoded}>`)
          const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
          const chunks = places.slice(1).map((end, i) => text.subarray(places[i], end))
          const shown = feed(redactor, chunks)
          expect(shown, `${name}: ${encoded}`).to.match(/^<[\s\S]{0,2}(\[secret\])+[\s\S]{0,2}>$/)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('hides no text that is not the secret, also where its forms are short', () => {
    for (const secret of ['', ' ', "''", '%', '&', '\n\n\n\n', '$$']) expect(secretForms([secret])).to.deep.equal([])
    const text = `'' "" %% $$ &#39; &#x27; &apos; &quot; \\\\ \\u0027 %27 a'b`
    for (const secret of [`a'b'c`, `'"'"'`, `%%%%`, `a"b`]) {
      const shown = feed(hiding(secretForms([secret])), [Buffer.from(text)])
      expect(shown, secret).to.equal(text)
    }
  })

  it('finds a secret in base64 whatever stands before and after it', () => {
    const secret = 'p@ss w0rd/+"$é'
    for (const prefix of ['', 'a', 'ab', 'abc']) {
      const encoded = Buffer.from(`${prefix}${secret}tail`).toString('base64')
      const shown = feed(hiding(secretForms([secret])), [Buffer.from(encoded)])
      expect(shown).to.include('[secret]')
      // At most one character on each side belongs to the secret and a neighbour.
      expect(shown.length).to.be.lessThan(encoded.length - Buffer.byteLength(secret) + '[secret]'.length)
    }
  })

  it('looks for the longer lines of a secret of several lines', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nend\n-----END KEY-----\n'
    const forms = secretForms([key]).map((form) => Buffer.from(form).toString())
    expect(forms).to.include('MIIEvQIBADANBgkq')
    expect(forms).to.not.include('end')
  })

  it('finds a secret of several lines whole, in part and as a terminal prints it', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nend\n-----END KEY-----\n'
    const show = (text: string) => feed(hiding(secretForms([key])), [Buffer.from(text)])
    expect(show(`<${key}>`)).to.equal('<[secret]\n>')
    expect(show(`<${key.replaceAll('\n', '\r\n')}>`)).to.equal('<[secret]\r\n>')
    expect(show('<  MIIEvQIBADANBgkq\n  end\n>')).to.equal('<  [secret]\n  end\n>')
    expect(show(`<${JSON.stringify({ key })}>`)).to.equal('<{"key":"[secret]"}>')
    expect(show(Buffer.from(key).toString('base64').replace(/.{20}/g, '$&\n'))).to.match(/^\[secret\].?=*\n?$/)
  })

  it('finds a very long secret, holding little of it back', () => {
    const secret = Buffer.from(Uint8Array.from({ length: 30_000 }, (_, i) => (i * 7919 + (i >> 5)) & 0xff)).toString(
      'base64',
    )
    const redactor = hiding(secretForms([secret]))
    let out = ''
    for (let at = 0; at < secret.length; at += 1000) out += pushed(redactor, secret.slice(at, at + 1000))
    expect(out).to.match(/^(\[secret\])+$/)
    expect(feed(hiding(secretForms([secret])), [Buffer.from(`<${secret}>`)])).to.match(/^<(\[secret\])+>$/)
  })

  it('ignores secrets of fewer than three bytes, and encoded ones of fewer than six', () => {
    expect(secretForms(['', 'a', 'ab'])).to.deep.equal([])
    const forms = secretForms(['abc', 'abcde']).map((form) => Buffer.from(form).toString())
    expect(forms).to.deep.equal(['abc', 'abcde'])
    expect(secretForms(['abcdef']).length).to.equal(5)
  })
})
