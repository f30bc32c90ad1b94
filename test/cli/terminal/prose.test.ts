import { expect } from 'chai'
import fc from 'fast-check'
import { loadColours, red } from '../../../src/cli/terminal/colour.ts'
import { Concealment } from '../../../src/cli/terminal/conceal.ts'
import { terminalWidth } from '../../../src/cli/terminal/display-width.ts'
import type { Io } from '../../../src/cli/terminal/io.ts'
import { toJsonText } from '../../../src/cli/terminal/json-text.ts'
import { oneLine, prose, writingProse } from '../../../src/cli/terminal/prose.ts'
import { table } from '../../../src/cli/terminal/table.ts'

/** What no terminal must get from a store. */
const DANGEROUS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

describe('text for people', () => {
  it('has every control character, direction of writing and line separator escaped', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const char = String.fromCharCode(code)
      const changed = prose(`a${char}b`) !== `a${char}b`
      expect(changed, code.toString(16)).to.equal(DANGEROUS.test(char))
    }
    expect(prose('\x1b]0;owned\x07\u202egnp.exe\x9b2J\r')).to.equal(
      '\\u001b]0;owned\\u0007\\u202egnp.exe\\u009b2J\\u000d',
    )
    expect(prose('one\r\ntwo\tthree\n')).to.equal('one\r\ntwo\tthree\n')
    expect(oneLine('one\r\ntwo\tthree\n')).to.equal('one\\u000d\\u000atwo\\u0009three\\u000a')
  })

  it('keeps our own colours, and none that a text brings along', async () => {
    await loadColours({ env: {}, stdoutIsTerminal: true, stderrIsTerminal: true } as Io)
    expect(prose(red('a \x1b[31mb\x1b[0m'))).to.equal('\x1b[31ma \\u001b[31mb\\u001b[0m\x1b[39m')
    expect(terminalWidth(red('abc'))).to.equal(3)
  })

  it('stays in its cell of a table', () => {
    const lines = table(['name'], [['a\n│ forged │'], ['\x1b[2K']]).split('\n')
    expect(lines).to.have.length(7)
    expect(new Set(lines.slice(0, 6).map((line) => line.length)).size).to.equal(1)
  })

  it('is the same data as JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = toJsonText({ [text]: text })
        expect(json).to.not.match(DANGEROUS)
        const wellFormed = text.toWellFormed()
        expect(JSON.parse(json)).to.deep.equal({ [wellFormed]: wellFormed })
      }),
    )
  })

  it('is written as it is only when it is given as bytes', () => {
    const written: string[] = []
    const write = (text: string | Uint8Array) => written.push(Buffer.from(text as string).toString())
    const io = writingProse({ out: write, err: write } as unknown as Io, new Concealment(() => []))
    io.out('\x1b[2J')
    io.err('\x1b[2J')
    io.out(Buffer.from('\x1b[2J'))
    expect(written).to.deep.equal(['\\u001b[2J', '\\u001b[2J', '\x1b[2J'])
  })
})
