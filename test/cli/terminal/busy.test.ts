import { expect } from 'chai'
import { beginBusy } from '../../../src/cli/terminal/busy.ts'
import type { Io } from '../../../src/cli/terminal/io.ts'

function terminal(over: Partial<Io> = {}): { io: Io; seen: () => string } {
  let seen = ''
  const io = {
    env: { NO_COLOR: '1' },
    stdinIsTerminal: true,
    stdoutIsTerminal: true,
    stderrIsTerminal: true,
    columns: 40,
    out: (text: string) => {
      seen += text
    },
    err: (text: string) => {
      seen += text
    },
    ...over,
  } as unknown as Io
  return { io, seen: () => seen }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const clear = '\r\u001b[K'

describe('a line for the person who waits', () => {
  it('is not drawn for what is quick, and is gone when all is done', async () => {
    const { io, seen } = terminal()
    const quick = beginBusy(io, 'opening')!
    await wait(200)
    quick.out('done\n')
    quick.busy!.end()
    await wait(500)
    expect(seen()).to.equal('done\n')
  })

  it('moves while it waits, says what is going on, and makes way for what is written', async () => {
    const { io, seen } = terminal()
    const slow = beginBusy(io, 'opening')!
    await wait(900)
    slow.busy!.say('opening app/dev: a provider with a name too long for the terminal')
    await wait(300)
    expect(seen())
      .to.match(/⠋|⠙|⠹|⠸|⠼|⠴|⠦|⠧|⠇|⠏/)
      .and.include('opening …')
    const widest = Math.max(
      ...seen()
        .split('\r')
        .map((line) => line.replace('\u001b[K', '').length),
    )
    expect(widest).to.be.at.most(40)
    slow.err('warning\n')
    expect(seen()).to.match(/\r\u001b\[Kwarning\n$/)
    await wait(300)
    slow.busy!.end()
    expect(seen().endsWith(clear)).to.equal(true)
  })

  it('is seen in work that never waits, when it says what it does', () => {
    const { io, seen } = terminal()
    const { busy } = beginBusy(io, 'checking')!
    const begun = performance.now()
    for (let count = 0; performance.now() - begun < 900; count++) busy!.say(`checking ${count}`)
    busy!.end()
    const drawn = seen().split(/checking \d/).length - 1
    expect(drawn).to.be.within(1, 8)
  })

  it('leaves questions alone', async () => {
    const { io, seen } = terminal()
    const { busy } = beginBusy(io, 'opening')!
    await busy!.quietly(() => wait(900))
    expect(seen()).to.equal('')
    await wait(300)
    expect(seen()).to.include('opening')
    busy!.end()
  })

  it('is for terminals only', () => {
    expect(beginBusy(terminal({ stderrIsTerminal: false }).io, 'x')).to.equal(undefined)
    expect(beginBusy(terminal({ env: { TERM: 'dumb' } }).io, 'x')).to.equal(undefined)
  })
})
