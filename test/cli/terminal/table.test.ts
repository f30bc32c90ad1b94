import { expect } from 'chai'
import { terminalWidth } from '../../../src/cli/terminal/display-width.ts'
import { tableFor } from '../../../src/cli/terminal/table.ts'

const header = ['environment', 'path', 'count', 'why']
const rows = [
  ['app/dev', 'database.password', 7, 'the server at db.example.com:5432 refused the connection, three times'],
  ['app/prod', 'x', 12345, '日本語日本語日本語日本語日本語'],
  ['team/shared', 'a.very.long.path.that.has.no.space.in.it.at.all', 1, ''],
]
const terminal = (columns: number) => ({ stdoutIsTerminal: true, columns })
const pipe = { stdoutIsTerminal: false, columns: undefined }

describe('a table for people', () => {
  for (const columns of [62, 80, 120, 200]) {
    it(`is no wider than a terminal of ${columns} columns, and loses nothing`, () => {
      const lines = tableFor(terminal(columns), header, rows).trimEnd().split('\n')
      for (const line of lines) expect(terminalWidth(line), line).to.be.at.most(columns)
      // Read column by column, every word is there.
      const cells = lines.filter((line) => line.startsWith('│')).map((line) => line.split('│').slice(1, -1))
      const columnTexts = header.map((_, column) => cells.map((cell) => cell[column]?.trim()).join(''))
      expect(columnTexts[1]).to.include('a.very.long.path.that.has.no.space.in.it.at.all')
      expect(columnTexts[2]).to.include('12345')
      expect(columnTexts[3]).to.include('日本語日本語日本語日本語日本語')
      expect(columnTexts[3]?.replaceAll(' ', '')).to.include('refusedtheconnection,threetimes')
      expect(new Set(lines.map(terminalWidth)).size, 'all lines are as wide').to.equal(1)
    })
  }

  it('breaks no short word, and is a list of blocks where that takes more columns than there are', () => {
    const [titles = ''] = tableFor(terminal(60), header, rows).split('\n')
    expect(titles, 'without lines first').to.match(/^ENVIRONMENT {2}PATH +COUNT {2}WHY$/)
    for (const columns of [30, 45]) {
      const lines = tableFor(terminal(columns), header, rows).split('\n')
      expect(lines[0], String(columns)).to.equal('ENVIRONMENT: app/dev')
      for (const line of lines) expect(terminalWidth(line), line).to.be.at.most(columns)
    }
    const many = ['environment', 'rotator', 'last rotated', 'credentials']
    for (let columns = 20; columns < 90; columns++) {
      const shown = tableFor(terminal(columns), many, [
        ['app/dev', 'passphrase', '2026-03-04 05:06', 'current, previous'],
      ])
      for (const word of ['ENVIRONMENT', 'passphrase', '2026-03-04', 'previous'])
        if (columns > 30) expect(shown).to.include(word)
    }
  })

  it('is a list of blocks where a terminal is too narrow for columns', () => {
    expect(tableFor(terminal(20), header, [['app/dev', 'a.b', 7, 'because']])).to.equal(
      'ENVIRONMENT: app/dev\nPATH:        a.b\nCOUNT:       7\nWHY:         because\n',
    )
  })

  it('narrows the widest columns only', () => {
    const [, titles = ''] = tableFor(terminal(80), header, rows.slice(0, 1)).split('\n')
    expect(titles).to.match(/^│ ENVIRONMENT │ PATH {13} +│ COUNT │ WHY +│$/)
  })

  it('is plain where it is piped: no lines, no break, whatever the width', () => {
    expect(
      tableFor(
        pipe,
        ['id', 'Count'],
        [
          ['sched-1', 7],
          ['x', 12345],
        ],
      ),
    ).to.equal('ID       COUNT\nsched-1      7\nx        12345\n')
    const [, first = ''] = tableFor(pipe, header, rows).split('\n')
    expect(first).to.match(/^app\/dev +database\.password +7 {2}the server .* three times$/)
    expect(tableFor(pipe, header, [])).to.equal('')
  })

  it('stays as scripts know it from the hosted tool, where that has one', () => {
    const piped = tableFor(pipe, ['id'], [['sched-1']], { recorded: true })
    expect(piped).to.equal('┌─────────┐\n│ ID      │\n├─────────┤\n│ sched-1 │\n└─────────┘\n')
    const fitted = tableFor(terminal(40), header, rows, { recorded: true })
    for (const line of fitted.split('\n')) expect(terminalWidth(line)).to.be.at.most(40)
  })

  it('paints each line of a cell, and no line beside it', () => {
    const cell = { text: 'does not work', paint: (text: string) => `<${text}>` }
    expect(tableFor(terminal(13), ['a'], [[cell]])).to.include('│ <does not>  │\n│ <work>      │')
  })

  it('lets no cell break its line or move the cursor', () => {
    expect(tableFor(terminal(80), ['a'], [['x\ny\u001b[2J']])).to.include('x\\u000ay\\u001b[2J')
  })
})
