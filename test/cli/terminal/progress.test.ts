import { expect } from 'chai'
import type { Io } from '../../../src/cli/terminal/io.ts'
import { ProgressBlock } from '../../../src/cli/terminal/progress.ts'

/** What stands on the screen, given the ways of moving that the block uses. */
function screen() {
  let lines = ['']
  let [row, column] = [0, 0]
  const write = (text: string | Uint8Array) => {
    for (const part of String(text).split(/(\u001b\[\d+A|\u001b\[0J|\n|\r)/)) {
      const up = /^\u001b\[(\d+)A$/.exec(part)
      if (up) row -= Number(up[1])
      else if (part === '\u001b[0J') lines = [...lines.slice(0, row), lines[row]!.slice(0, column)]
      else if (part === '\r') column = 0
      else if (part === '\n') {
        row++
        column = 0
        lines[row] ??= ''
      } else {
        lines[row] = lines[row]!.slice(0, column).padEnd(column) + part + lines[row]!.slice(column + part.length)
        column += part.length
      }
    }
  }
  const terminal = { stdinIsTerminal: true, stdoutIsTerminal: true, stderrIsTerminal: true, columns: 40 }
  const io = { env: { NO_COLOR: '1' }, ...terminal, out: write, err: write } as unknown as Io
  return { io, write, lines: () => lines }
}

describe('a block of progress', () => {
  const running = (label: string, text: string) => ({ label, text, state: 'running' as const })

  it('stays whole, below all that others write, and leaves no line behind', () => {
    const { io, lines } = screen()
    const block = new ProgressBlock(io)
    const others = block.above(io)
    others.err('before\n')
    block.update(running('a', 'planning'))
    block.update(running('bb', 'planning'))
    others.err('warning: the key is old\n')
    block.update(running('a', 'rotating'))
    others.out('result\n')
    block.update({ label: 'a', text: 'rotated', state: 'succeeded' })
    expect(lines()).to.deep.equal([
      'before',
      'warning: the key is old',
      'result',
      '✓ a   rotated',
      '… bb  planning',
      '',
    ])
    block.end()
    io.out('the end\n')
    expect(lines().slice(-3)).to.deep.equal(['… bb  planning', 'the end', ''])
  })

  it('leaves nothing behind where somebody types', () => {
    const { io, write, lines } = screen()
    const block = new ProgressBlock(io)
    block.update(running('a', 'planning'))
    write('^C')
    block.above(io).err('Interrupted\n')
    expect(lines()).to.deep.equal(['Interrupted', '… a  planning', ''])
  })

  it('waits for the end of a line, and for the answer to a question', async () => {
    const { io, lines } = screen()
    const block = new ProgressBlock(io)
    const others = block.above(io)
    block.update(running('a', 'planning'))
    others.err('half a ')
    others.err('line\n')
    expect(lines()).to.deep.equal(['half a line', '… a  planning', ''])
    await others.busy!.quietly(async () => {
      block.update(running('a', 'rotating'))
      io.err('Passphrase: \n')
      expect(lines()).to.deep.equal(['half a line', 'Passphrase: ', ''])
    })
    expect(lines()).to.deep.equal(['half a line', 'Passphrase: ', '… a  rotating', ''])
  })
})
