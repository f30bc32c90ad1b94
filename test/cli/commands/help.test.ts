import { expect } from 'chai'
import { ALIASES, GROUP_ALIASES } from '../../../src/cli/framework/aliases.ts'
import { HELP_GROUPS } from '../../../src/cli/framework/help-groups.ts'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { TOPICS } from '../../../src/cli/framework/topics.ts'
import { displayWidth } from '../../../src/yaml/index.ts'
import { sample } from '../../sample.ts'
import { Playground } from './esc.ts'

describe('help', () => {
  const playground = new Playground()
  after(() => playground.remove())

  for (const id of sample(COMMANDS, 40)) {
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
        expect(example).to.match(/^(?:(?:[a-z]+ [^|]*\| )?esc |(?:eval "\$|source <|docker run --env-file <)\(esc )/)
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
      for (const subject of sample(subjects, 40)) {
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
    expect(out).to.include('  Sets the value at a path and saves a new revision. Only that value changes in\n')
  })

  it('has a summary per command that fits a line: it begins with a verb, ends with a full stop, and is no other one', async () => {
    const seen = new Map<string, string>()
    for (const id of COMMANDS) {
      const { summary } = await loadCommand(id)
      expect(summary, id).to.match(/^[A-Z][a-z-]+ .*[^.]\.$/)
      expect(summary.length, id).to.be.below(80)
      // `env open` and `env run` are `open` and `run`.
      const name = id.replace(/^env:(?=(?:open|run)$)/, '')
      expect(seen.get(summary) ?? name, summary).to.equal(name)
      seen.set(summary, name)
    }
    for (const [id, text] of Object.entries(TOPICS)) expect(text, id).to.match(/^[A-Z].{0,76}[^.]$/)
  })

  it('lists every command and group in the help of its group, by task, with other names in brackets', async () => {
    for (const group of ['', 'env']) {
      const { out } = await playground.run([...group.split(':').filter(Boolean), '--help'])
      // Every new command is given a task in src/cli/framework/help-groups.ts.
      expect(out, `a command of esc ${group} has no task`).to.not.match(/^OTHER$/m)
      for (const { title, entries } of HELP_GROUPS[group] ?? []) {
        expect(out).to.include(`\n${title.toUpperCase()}\n`)
        for (const id of entries) {
          expect(
            COMMANDS.some((command) => command === id || command.startsWith(`${id}:`)),
            id,
          ).to.equal(true)
          expect(out).to.match(new RegExp(`^  ${id.replaceAll(':', ' ')}  `, 'm'))
        }
      }
    }
    const { out } = await playground.run([])
    expect(out).to.match(/^ {2}env set +.*\[esc set\]$/m)
    expect(out).to.match(/^ {2}open +.*\[esc env open\]$/m)
    expect(out).to.match(/^ {2}env init +.*\[new\]$/m)
  })

  it('says which of two similar groups is meant', async () => {
    expect((await playground.run(['scheduler'])).out).to.match(/"esc\s+env\s+schedule"/)
    expect((await playground.run(['env', 'schedule'])).out).to.match(/"esc\s+scheduler\s+start"/)
    expect((await playground.run(['rotators', '--help'])).out).to.match(/"esc\s+env\s+rotators"/)
    expect((await playground.run(['env', 'rotators', '--help'])).out).to.match(/"esc\s+rotators"/)
    expect((await playground.run(['status', '--help'])).out).to.match(/"esc\s+env\s+status"/)
    expect((await playground.run(['env', 'status', '--help'])).out).to.match(/"esc\s+status"/)
  })

  it('another name of a group is the group', async () => {
    for (const [alias, group] of Object.entries(GROUP_ALIASES)) {
      const words = group.split(':')
      expect((await playground.run([alias])).out).to.equal((await playground.run(words)).out)
      expect((await playground.run([alias, 'list', '--help'])).out).to.equal(
        (await playground.run([...words, 'list', '--help'])).out,
      )
    }
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
