import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../../src/errors.ts'
import { readDotenv } from '../../../src/workspace/import/dotenv.ts'
import type { ForeignValue } from '../../../src/workspace/import/foreign-value.ts'
import { variableLines } from '../../../src/workspace/value-format.ts'

const read = (text: string) =>
  Object.fromEntries(
    readDotenv(text).entries.map(({ key, value }) => [key, (value as ForeignValue & { kind: 'scalar' }).value]),
  )

describe('a .env file', () => {
  it('is read as other programs read it', () => {
    expect(
      read(`# a comment
PLAIN=value
  export EXPORTED = spaced out   # and a comment
COLON: value
EMPTY=
QUOTED="with # and \\"quotes\\" and \\n, a tab\\t, a path C:\\\\dir and \\d"   # comment
SINGLE='as $it \\n stands'
BACKTICK=\`it's "so"\`
LINES="one
two"
KEY="-----BEGIN-----
abc=
-----END-----"
url=postgres://a/b?c=d&e
dotted.name-x=1
INDENTED=  \${OTHER}  

LAST=end`),
    ).to.deep.equal({
      PLAIN: 'value',
      EXPORTED: 'spaced out',
      COLON: 'value',
      EMPTY: '',
      QUOTED: 'with # and "quotes" and \n, a tab\t, a path C:\\dir and \\d',
      SINGLE: 'as $it \\n stands',
      BACKTICK: 'it\'s "so"',
      LINES: 'one\ntwo',
      KEY: '-----BEGIN-----\nabc=\n-----END-----',
      url: 'postgres://a/b?c=d&e',
      'dotted.name-x': '1',
      INDENTED: '${OTHER}',
      LAST: 'end',
    })
  })

  it('may be empty, have Windows line ends and a byte-order mark; the last of two lines counts', () => {
    expect(read('')).to.deep.equal({})
    expect(read('\n \n# only\n')).to.deep.equal({})
    expect(read('# no line end')).to.deep.equal({})
    expect(read('\uFEFFA=1\r\nB="x\r\ny"\r\nA=2\r\n')).to.deep.equal({ A: '2', B: 'x\ny' })
  })

  it('is refused where it is not understood, with the line and nothing of what is in it', () => {
    const cases: Readonly<Record<string, RegExp>> = {
      'A=1\nhunter2\n': /^line 2 of the \.env file is no KEY=value$/,
      '\n# x\nexport hunter2': /^line 3 .* is no KEY=value$/,
      'hunter 2=x': /^line 1 .* is no KEY=value$/,
      'A="hunter2': /^line 1 .* begins a value with " that has no end$/,
      "A='x'\nB='hunter2\n\n": /^line 2 .* begins a value with ' that has no end$/,
      'A="hunter2"2': /^line 1 .* has something behind the closing quote$/,
      'A=hunter#2': /^line 1 .* has a # or a quote in a value without quotes/,
      'A=hunt"er"2': /^line 1 .* has a # or a quote/,
    }
    for (const [text, message] of Object.entries(cases)) {
      let error: unknown
      try {
        readDotenv(text)
      } catch (thrown) {
        error = thrown
      }
      expect(error, text).to.be.instanceOf(EscError)
      expect((error as EscError).message, text)
        .to.match(message)
        .and.not.include('hunter')
      expect((error as EscError).hint, text).to.be.a('string')
    }
  })

  it('that "esc open --format dotenv" wrote is read back as it was', () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]*$/)
    // Lone halves of a character have no UTF-8, so they cannot be printed.
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('\n', '"\\', '$a ${b} `', "it's #1"),
    )
    fc.assert(
      fc.property(fc.dictionary(name, value), (variables) => {
        const lines = variableLines(
          Object.entries(variables).map(([key, text]) => ({ name: key, value: text, secret: false })),
          'dotenv',
        )
        expect(read(lines)).to.deep.equal({ ...variables })
      }),
      { numRuns: 1000 },
    )
  })
})
