import { expect } from 'chai'
import { ALIASES } from '../../../src/cli/framework/aliases.ts'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { TOPICS } from '../../../src/cli/framework/topics.ts'
import { displayWidth } from '../../../src/yaml/index.ts'
import { Playground } from './esc.ts'

describe('help', () => {
  const playground = new Playground()
  after(() => playground.remove())

  for (const id of COMMANDS) {
    it(`esc ${id.replaceAll(':', ' ')} --help says what the command does, with examples that are its own`, async () => {
      const command = await loadCommand(id)
      const name = `esc ${id.replaceAll(':', ' ')}`
      expect(command.id).to.equal(id)
      const { code, out, err } = await playground.run([...id.split(':'), '--help'])
      expect(err).to.equal('')
      expect(code).to.equal(0)
      expect(out).to.include(command.summary)
      expect(out).to.include('USAGE')
      expect(out).to.include('EXAMPLES')
      for (const [name, { hidden }] of Object.entries(command.flags)) {
        expect(out.includes(`--${name}`), name).to.equal(!hidden)
      }
      for (const { command: example } of command.examples) {
        expect(example).to.match(/^(?:esc |eval "\$\(esc |source <\(esc )/)
        if (example.startsWith('esc ')) expect(example.startsWith(name), example).to.equal(true)
      }
      expect(command.examples).to.not.have.length(0)
    })
  }

  for (const topic of Object.keys(TOPICS)) {
    it(`esc ${topic.replaceAll(':', ' ')} lists its commands`, async () => {
      // A group that is a command itself says so when it is given nothing.
      const words = COMMANDS.includes(topic) ? ['--help'] : []
      const { code, out } = await playground.run([...topic.split(':'), ...words])
      expect(code).to.equal(0)
      for (const id of COMMANDS) {
        if (id.startsWith(`${topic}:`) && id.split(':').length === topic.split(':').length + 1) {
          expect(out).to.include(id.replaceAll(':', ' '))
        }
      }
    })
  }

  it('fits the terminal: every line of every help, at several widths', async () => {
    const subjects = [[], ...Object.keys(TOPICS), ...COMMANDS].map((subject) => [subject].flat().join(':'))
    for (const columns of [44, 80, 133]) {
      for (const subject of subjects) {
        const words = [...subject.split(':').filter(Boolean), '--help']
        const io = { stdoutIsTerminal: true, columns }
        const { out } = await playground.run(words, { io, env: { NO_COLOR: '1' } })
        const wide = out.split('\n').filter((line) => displayWidth(line) > Math.min(columns, 120))
        expect(wide, `${subject} at ${columns}`).to.deep.equal([])
      }
    }
  }).timeout(60_000)

  it('breaks lines where the terminal ends, not where the source did', async () => {
    const io = { stdoutIsTerminal: true, columns: 80 }
    const { out } = await playground.run(['env', 'set', '--help'], { io, env: { NO_COLOR: '1' } })
    expect(out).to.include('  value changes in the text: comments, order and quoting of the rest stay. The\n')
  })

  it('esc alone, esc --help and esc help are the same', async () => {
    const { out } = await playground.run([])
    expect(out).to.include('env').and.include('run')
    expect((await playground.run(['--help'])).out).to.equal(out)
    expect((await playground.run(['help'])).out).to.equal(out)
  })

  it('esc help env open is esc env open --help', async () => {
    expect((await playground.run(['help', 'env', 'open'])).out).to.equal(
      (await playground.run(['env', 'open', '--help'])).out,
    )
    expect((await playground.run(['help', 'env', 'opne'])).code).to.equal(2)
  })

  it('an alias has the help of its command', async () => {
    for (const alias of Object.keys(ALIASES)) {
      const { code, out } = await playground.run([...alias.split(':'), '-h'])
      expect(code).to.equal(0)
      expect(out).to.include('ALIASES')
    }
  })

  it('--version prints the version', async () => {
    expect((await playground.run(['--version'])).out).to.equal((await playground.run(['version'])).out)
  })
})
