import { expect } from 'chai'
import fc from 'fast-check'
import { EscError } from '../../../src/errors.ts'
import { readDotenv } from '../../../src/operations/definitions/import/dotenv.ts'
import type { ForeignValue } from '../../../src/operations/definitions/import/foreign-value.ts'
import { variableLines } from '../../../src/operations/opening/value-format.ts'

const read = (text: string) =>
  Object.fromEntries(
    readDotenv(text).entries.map(({ key, value }) => [key, (value as ForeignValue & { kind: 'scalar' }).value]),
  )

function refusal(text: string): EscError {
  try {
    readDotenv(text, 'app.env')
  } catch (error) {
    expect(error).to.be.instanceOf(EscError)
    expect((error as EscError).message).to.not.include('hunter')
    return error as EscError
  }
  throw new Error('was accepted')
}

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
      'A=1\nhunter2\n': /^line 2 of the \.env file is not KEY=value$/,
      '\n# x\nexport hunter2': /^line 3 .* is not KEY=value$/,
      'hunter 2=x': /^line 1 .* is not KEY=value$/,
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

  it('is refused with all its lines at once, a value that begins with # among them', () => {
    const text =
      'COLOUR=#ff0000\nOK=1\nhunter2\nB=hunt#er2\nC= # a comment\nD="x"hunter2\nE=`x`hunter2\nF=\'hunter2\nG=1\n'
    const error = refusal(text)
    expect(error.message).to.equal(
      'line 1 of app.env has a value that begins with #, which many programs drop; ' +
        'line 3 is not KEY=value; ' +
        'line 4 has a # or a quote in a value without quotes, which not all programs read alike; ' +
        'line 6 has something behind the closing quote; line 7 has something behind the closing quote; ' +
        "line 8 begins a value with ' that has no end",
    )
    expect(error.hint).to.contain('put the value in single quotes').and.contain("add the closing '")
    expect(refusal('A=$x\nhunter2\n').message).to.equal(
      'line 2 of app.env is not KEY=value; besides, app.env: A (line 1): a $ that many programs replace by a variable or a command is taken as it stands; put the value in single quotes if that is meant',
    )
    const many = refusal('hunter2\n'.repeat(1000))
    expect(many.message).to.match(/and 969 more lines$/)
    expect(read("COLOUR='#ff0000'\nC= # a comment\nD=  #x\n")).to.deep.equal({ COLOUR: '#ff0000', C: '', D: '' })
  })

  it('is imported with warnings for what not all programs read alike, and nothing of what is in it', () => {
    const text = [
      'A=${hunter2}',
      'B="x $hunter2"',
      'export C=$(hunter2)',
      "D='$hunter2'",
      'E="\\$hunter2"',
      'F=5$ or $ 5',
      'G=`hunter2`',
      'H=hunter2 # comment',
      'I="hunter2" # comment',
      'J=hunter2',
      'J="two',
      'lines"',
      'K=1',
    ].join('\n')
    const { warnings = [] } = readDotenv(text, 'app.env')
    expect(warnings).to.deep.equal([
      'app.env: A (line 1), B (line 2), C (line 3): a $ that many programs replace by a variable or a command is taken as it stands; put the value in single quotes if that is meant',
      'app.env: H (line 8): what stands behind # is taken for a comment; put the whole value in single quotes if it belongs to it',
      'app.env: G (line 7): backticks are taken for quotes, where a shell would run a command',
      'app.env: J (line 10): the key stands again further down, and the last one counts',
    ])
    expect(read(text)).to.include({
      A: '${hunter2}',
      C: '$(hunter2)',
      E: '$hunter2',
      H: 'hunter2',
      J: 'two\nlines',
      K: '1',
    })
  })

  it('that SOPS has encrypted is refused with the way to import it', () => {
    const sops = refusal('A=ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nsops_version=3.9.4\n')
    expect(sops.message).to.equal('SOPS has encrypted app.env')
    expect(sops.remedies).to.deep.equal([{ do: 'import-values', format: 'sops' }])
    // dotenvx's own: test/cli/commands/import-dotenvx.test.ts has its ciphertexts.
    expect(read('DOTENV_PUBLIC_KEY=03\nDOTENV_PUBLIC_KEY_CI=03\nA=1\n')).to.deep.equal({ A: '1' })
    expect(read('A=encrypted: no\nB=encrypted\n')).to.deep.equal({ A: 'encrypted: no', B: 'encrypted' })
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
