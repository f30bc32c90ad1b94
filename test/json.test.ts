import { expect } from 'chai'
import fc from 'fast-check'
import { compareKeys, formatJson, type Json, JsonNumber } from '../src/json.ts'
import { JsonSyntaxError, parseJson, parseJsonPrefix } from '../src/read-json.ts'

const causeOf = (text: string) => {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message
    throw error
  }
  return undefined
}

describe('parseJson()', () => {
  it('keeps the text of numbers', () => {
    expect(parseJson('[1, 1.0, 1e0, -0, 12345678901234567890]')).to.deep.equal(
      ['1', '1.0', '1e0', '-0', '12345678901234567890'].map((text) => new JsonNumber(text)),
    )
  })

  it('takes __proto__ for an ordinary key', () => {
    const parsed = parseJson('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, Json>
    expect(Object.keys(parsed)).to.deep.equal(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(parsed)).to.equal(null)
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined)
  })

  it('lets the last of repeated keys win', () => {
    expect(formatJson(parseJson('{"a": 1, "b": 2, "a": 3}'))).to.equal('{"a":3,"b":2}')
  })

  it('turns lone surrogates into U+FFFD', () => {
    expect(parseJson('"\\ud800x\\udc00\\ud83d\\ude00"')).to.equal('\ufffdx\ufffd\u{1f600}')
  })

  const causes: Record<string, string> = {
    '': 'EOF',
    '  ': 'EOF',
    '[1': 'unexpected EOF',
    '"a': 'unexpected EOF',
    tru: 'unexpected EOF',
    é: "invalid character 'Ã' looking for beginning of value",
    '[1,]': "invalid character ']' looking for beginning of value",
    '{a': "invalid character 'a' looking for beginning of object key string",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b"}': "invalid character '\"' after object key:value pair",
    '[1 2]': "invalid character '2' after array element",
    '"\n"': "invalid character '\\n' in string literal",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12g4"': "invalid character 'g' in \\u hexadecimal character escape",
    '-x': "invalid character 'x' in numeric literal",
    '1.x': "invalid character 'x' after decimal point in numeric literal",
    '1ex': "invalid character 'x' in exponent of numeric literal",
    txue: "invalid character 'x' in literal true (expecting 'r')",
    "'": "invalid character '\\'' looking for beginning of value",
    '1 2': "invalid character '2' after top-level value",
  }
  for (const [text, cause] of Object.entries(causes))
    it(`says "${cause}" of ${JSON.stringify(text)}`, () => {
      expect(causeOf(text)).to.equal(cause)
    })

  it('refuses nesting that could exhaust the stack', () => {
    expect(causeOf('['.repeat(100_000))).to.equal('exceeded max depth')
  })

  it('agrees with JSON.parse about what is JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'a',
      '1',
      '-',
      '.',
      'e',
      'true',
      'null',
      ' ',
      '\n',
      'u00e9',
      '0',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        expect(causeOf(text) === undefined).to.equal(valid)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('parseJsonPrefix()', () => {
  it('looks at nothing after the first value', () => {
    expect(formatJson(parseJsonPrefix(' {"a":1.0,"b":1e5,"a":2} x'))).to.equal('{"a":2,"b":1e5}')
    expect(parseJsonPrefix('truex')).to.equal(true)
  })
})

describe('formatJson()', () => {
  it('writes the compact form with sorted keys and escaped markup', () => {
    const json = parseJson('{"c":null,"a":"<>&","b":1.50}')
    const text = formatJson(json, { sortKeys: true, escapeHtml: true })
    expect(text).to.equal('{"a":"\\u003c\\u003e\\u0026","b":1.50,"c":null}')
  })

  it('indents, and keeps empty collections on one line', () => {
    expect(formatJson({ a: [], b: {}, c: [1, { d: 'x' }] }, { indent: 2 })).to.equal(
      '{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    {\n      "d": "x"\n    }\n  ]\n}',
    )
  })

  it('reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, 4), (value, indent) => {
        const text = formatJson(value as Json, { indent })
        expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(value)))
        expect(formatJson(parseJson(text), { indent })).to.equal(text)
      }),
    )
  })
})

describe('compareKeys()', () => {
  it('orders by UTF-8 bytes', () => {
    expect(compareKeys('\uff01', '\u{1f600}')).to.be.lessThan(0)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).to.equal(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
  })
})
