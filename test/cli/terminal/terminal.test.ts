import { expect } from 'chai'
import { loadColours } from '../../../src/cli/terminal/colour.ts'
import { diagnosticBlocks, diagnosticLines } from '../../../src/cli/terminal/diagnostics.ts'
import type { Io } from '../../../src/cli/terminal/io.ts'
import { toJsonText } from '../../../src/cli/terminal/json-text.ts'
import { prose } from '../../../src/cli/terminal/prose.ts'
import { shellWords } from '../../../src/cli/terminal/shell-words.ts'
import { table } from '../../../src/cli/terminal/table.ts'
import { JsonNumber } from '../../../src/json.ts'
import type { Diagnostic } from '../../../src/yaml/index.ts'
import { decode } from '../../../src/yaml/index.ts'

const at = (line: number, column: number) => ({ line, column, byte: 0 })
const range = (environment: string, begin: [number, number], end: [number, number]) => ({
  environment,
  begin: at(...begin),
  end: at(...end),
})

describe('table', () => {
  it('draws a light box with an upper-cased header, numbers to the right', () => {
    expect(
      table(
        ['id', 'Count'],
        [
          ['sched-1', 7],
          ['x', 12345],
        ],
      ),
    ).to.equal(
      [
        '┌─────────┬───────┐',
        '│ ID      │ COUNT │',
        '├─────────┼───────┤',
        '│ sched-1 │     7 │',
        '│ x       │ 12345 │',
        '└─────────┴───────┘',
        '',
      ].join('\n'),
    )
  })

  it('prints nothing for no rows', () => {
    expect(table(['id'], [])).to.equal('')
  })

  it('aligns wide characters', () => {
    const lines = table(['name'], [['日本'], ['abcd']]).split('\n')
    expect(lines[3]).to.equal('│ 日本 │')
    expect(lines[4]).to.equal('│ abcd │')
  })
})

describe('diagnostics', () => {
  const unknown: Diagnostic = {
    severity: 'error',
    summary: 'unknown property "bar"',
    range: range('default/x', [1, 19], [1, 24]),
    path: 'values.foo',
  }

  it('shows the source lines a diagnostic points at', () => {
    expect(
      diagnosticBlocks([unknown], { environment: 'default/x', text: '{"values":{"foo":"${bar}"}}\n' }, false),
    ).to.equal('Error: unknown property "bar"\n\n  on default/x line 1:\n   1: {"values":{"foo":"${bar}"}}\n\n')
  })

  it('says so when it has no source, and shows a warning without a place', () => {
    const elsewhere = { ...unknown, range: range('other', [3, 1], [3, 2]) }
    const warning: Diagnostic = { severity: 'warning', summary: 'careful', path: '' }
    expect(diagnosticBlocks([elsewhere, warning], { environment: 'default/x', text: '' }, false)).to.equal(
      'Warning: careful\n\nError: unknown property "bar"\n\n  on other line 3:\n  (source code not available)\n\n',
    )
  })

  it('marks exactly the range when there is colour', async () => {
    await loadColours({ env: {}, stdoutIsTerminal: true, stderrIsTerminal: true } as Io)
    const shown = diagnosticBlocks([unknown], { environment: 'default/x', text: '{"values":{"foo":"${bar}"}}' }, true)
    expect(prose(shown)).to.include('{"values":{"foo":"\u001b[1m\u001b[4m${bar\u001b[24m\u001b[22m}"}}')
  })

  it('prints one line each, in order of place', () => {
    const list: Diagnostic[] = [
      { ...unknown, range: range('b', [2, 1], [2, 1]) },
      { ...unknown, range: range('a', [10, 2], [10, 2]) },
      { ...unknown, range: range('a', [9, 30], [9, 30]) },
      { ...unknown, range: range('a', [0, 0], [0, 0]) },
      { severity: 'error', summary: 'nowhere', path: '' },
    ]
    expect(diagnosticLines(list, false)).to.equal(
      'nowhere\na: unknown property "bar"\na:9:30: unknown property "bar"\na:10:2: unknown property "bar"\nb:2:1: unknown property "bar"\n',
    )
  })
})

describe('very many or very long diagnostics', () => {
  const blamed = (column: number): Diagnostic => ({
    severity: 'error',
    summary: 'bad',
    path: '',
    range: range('a', [1, column], [1, column + 3]),
  })

  it('are shown as far as anybody reads, with how many more there are', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => blamed(i + 1))
    expect(diagnosticLines(list, false))
      .to.match(/^a:1:1: bad\n/)
      .and.to.match(/a:1:200: bad\n… and 9800 more\n$/)
    expect(diagnosticBlocks(list, { environment: 'a', text: 'x'.repeat(20_000) }, false)).to.match(
      /… and 9800 more\n\n$/,
    )
  })

  it('show the part of a very long line that they are about, and the start of a long message', async () => {
    await loadColours({ env: {}, stdoutIsTerminal: true, stderrIsTerminal: true } as Io)
    const text = `${'é'.repeat(500_000)}abc${'世'.repeat(100_000)}`
    const shown = prose(
      diagnosticBlocks([{ ...blamed(500_001), summary: 'm'.repeat(9000) }], { environment: 'a', text }, true),
    )
    expect(shown.length).to.be.lessThan(4000)
    expect(shown).to.include('é\u001b[1m\u001b[4mabc\u001b[24m\u001b[22m世').and.to.include('mmm…\n')
    const early = diagnosticBlocks([blamed(3)], { environment: 'a', text: `xxabc${'y'.repeat(5000)}` }, true)
    expect(prose(early)).to.include('1: xx\u001b[1m\u001b[4mabc')
  })
})

describe('diagnostics of a text that is not YAML', () => {
  const { diagnostics } = decode('app/dev', 'values:\n  a: [1\n  password: hunter2hunter2\n')

  it('name the place where reading stopped, not just a line close by', () => {
    expect(diagnosticLines(diagnostics, false)).to.equal(
      "app/dev:3:11: yaml: line 1: did not find expected ',' or ']'\n",
    )
  })

  it('do not show the line: it may be a secret whose quotes do not close', () => {
    const source = { environment: 'app/dev', text: 'values:\n  a: [1\n  password: hunter2hunter2\n' }
    const shown = diagnosticBlocks(diagnostics, source, false)
    expect(shown).to.equal("Error: yaml: line 1: did not find expected ',' or ']'\n\n  on app/dev:3:11\n\n")
  })
})

describe('toJsonText', () => {
  it('indents by two, keeps number text and escapes what could be markup', () => {
    expect(toJsonText({ a: [new JsonNumber('1.50'), null], b: '<&>\u2028', c: {}, d: [] })).to.equal(
      '{\n  "a": [\n    1.50,\n    null\n  ],\n  "b": "\\u003c\\u0026\\u003e\\u2028",\n  "c": {},\n  "d": []\n}\n',
    )
  })
})

describe('shellWords', () => {
  it('splits at white space outside quotes', () => {
    expect(shellWords(' code  -w ')).to.deep.equal(['code', '-w'])
    expect(shellWords('"my editor" --flag="a b" \\"x')).to.deep.equal(['my editor', '--flag=a b', '"x'])
    expect(shellWords("less -P 'a b' ''")).to.deep.equal(['less', '-P', 'a b', ''])
  })
})
