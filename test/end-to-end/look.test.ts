import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadPty, OwnTerminal } from './own-terminal.ts'
import { Program } from './program.ts'

const library = await loadPty()
const describeOnTerminal = library !== undefined && process.platform !== 'win32' ? describe : describe.skip

const SLOW_PROVIDER = `export default { contract: 1, rotators: [], providers: [{
  name: 'slow', description: 'takes its time', inputs: { type: 'object' }, outputs: { type: 'string' },
  async open() { await new Promise((done) => setTimeout(done, 1500)); return 'opened at last' },
}] }`

describeOnTerminal('esc at a terminal', function () {
  this.timeout(60_000)
  const program = new Program()
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    const rotators = Array.from({ length: 30 }, (_, index) => `  r${index}: {fn::rotate::password: {inputs: {}}}\n`)
    await program.withEnvironment('app/dev', `values:\n${rotators.join('')}`)
    await program.ok('env', 'rotate', 'app/dev')
    const plugin = join(program.folder, 'node_modules', 'esc-provider-slow')
    mkdirSync(plugin, { recursive: true })
    writeFileSync(
      join(plugin, 'package.json'),
      '{"name": "esc-provider-slow", "type": "module", "exports": "./index.js"}',
    )
    writeFileSync(join(plugin, 'index.js'), SLOW_PROVIDER)
    appendFileSync(join(program.store, 'esc.yaml'), 'plugins: [esc-provider-slow]\n')
    await program.ok('trust', '--yes')
    await program.withEnvironment('app/slow', 'values: {a: {fn::open::slow: {}}}\n')
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

  it('says what it waits for, and takes that away before the result', async () => {
    const terminal = esc('open', 'app/slow', 'a')
    await terminal.shows('waiting for slow …')
    expect(await terminal.exit()).to.equal(0)
    expect(terminal.screen).to.match(/waiting for slow …[^\n]*\r\x1b\[K"opened at last"\r\n$/)
  })

  it('says nothing of the kind where nobody looks', async () => {
    const { out, err } = await program.esc(['open', 'app/slow', 'a'])
    expect({ out, err }).to.deep.equal({ out: '"opened at last"\n', err: '' })
  })

  it('shows rotators in place, in the size of the window, until Ctrl-C', async () => {
    const terminal = esc('env', 'rotators', '--watch', '--interval', '200ms')
    await terminal.shows('more lines')
    const [first = ''] = terminal.screen.split('\x1b[?2026l')
    expect(first.split('\r\n')).to.have.length(19)
    terminal.resize(90, 50)
    await terminal.shows('r29', terminal.screen.length)
    terminal.type('\x03')
    expect(await terminal.exit()).to.equal(0)
    expect(terminal.screen).to.include('\x1b[?7h\x1b[?25h\x1b[?1049l')
  })

  it('shows a long diff through the pager, and a short one as it is', async () => {
    const counting = join(program.folder, 'pager.sh')
    writeFileSync(counting, 'echo "paged $(wc -l) lines"\n')
    const long = esc('env', 'diff', 'app/dev@2', '--pager', `sh ${counting}`)
    expect(await long.exit()).to.equal(0)
    expect(long.screen).to.match(/paged +\d+ lines/)
    const short = esc('env', 'diff', 'app/dev@1', '@1', '--pager', `sh ${counting}`)
    expect(await short.exit()).to.equal(0)
    expect(short.screen).not.to.include('paged')
  })

  it('hints at the next step after an empty environment was made', async () => {
    const terminal = esc('env', 'init', 'app/new')
    expect(await terminal.exit()).to.equal(0)
    expect(terminal.screen).to.include('Next: esc env edit app/new')
  })
})
