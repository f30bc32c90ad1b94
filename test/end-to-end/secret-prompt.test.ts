import { expect } from 'chai'
import { loadPty, OwnTerminal } from './own-terminal.ts'
import { Program } from './program.ts'

const library = await loadPty()
const describeOnTerminal = library !== undefined && process.platform !== 'win32' ? describe : describe.skip

const SECRET = 'typed-$$hunter2'

describeOnTerminal('a secret that is left out, at a terminal', function () {
  this.timeout(60_000)
  const program = new Program()
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    await program.withEnvironment('app/dev', 'values: {}\n')
    return undefined
  })
  after(() => program.remove())

  const terminals: OwnTerminal[] = []
  afterEach(() => {
    for (const terminal of terminals.splice(0)) terminal.kill('SIGKILL')
  })
  function esc(...words: readonly string[]): OwnTerminal {
    const terminal = new OwnTerminal(library as NonNullable<typeof library>, program, [Program.path, ...words])
    terminals.push(terminal)
    return terminal
  }

  for (const [title, words, question] of [
    ['of env set --secret', ['env', 'set', 'app/dev', 'token', '--secret'], 'Secret value of token'],
    [
      'of env set --secret --file -',
      ['env', 'set', 'app/dev', 'token', '--secret', '--file', '-'],
      'Secret value of token',
    ],
    ['of config set --secret', ['config', 'set', '--env', 'app/dev', 'a:b', '--secret'], 'Value of a:b'],
    [
      'of a login provider',
      ['env', 'provider', 'aws-login', 'static', 'app/dev', 'AKIA', '--path', 'token'],
      'The secret access key',
    ],
  ] as const) {
    it(`${title} is asked for without echo`, async () => {
      const terminal = esc(...words)
      await terminal.shows(question)
      terminal.type(SECRET)
      await new Promise((done) => setTimeout(done, 200))
      terminal.type('\r')
      expect(await terminal.exit(), terminal.screen).to.equal(0)
      expect(terminal.screen).to.not.include('hunter2')
      expect(await program.ok('open', 'app/dev', '--format', 'json')).to.include(SECRET)
    })
  }

  it('saves nothing after Ctrl-C, nor after an empty line', async () => {
    await program.ok('env', 'set', 'app/dev', 'token', '--plaintext', 'as-it-was')
    const cancelled = esc('env', 'set', 'app/dev', 'token', '--secret')
    await cancelled.shows('Secret value of token')
    cancelled.type('half\x03')
    expect(await cancelled.exit()).to.equal(130)
    const empty = esc('env', 'set', 'app/dev', 'token', '--secret')
    await empty.shows('Secret value of token')
    empty.type('\r')
    expect(await empty.exit()).to.equal(2)
    expect(await program.ok('open', 'app/dev', '--format', 'json')).to.include('as-it-was')
  })

  it('of several lines is refused: only the first can be typed', async () => {
    const terminal = esc('env', 'set', 'app/dev', 'key', '--secret')
    await terminal.shows('Secret value of key')
    terminal.type('-----BEGIN PRIVATE KEY-----\r')
    expect(await terminal.exit()).to.equal(2)
    await terminal.shows('--file')
  })
})
