import { expect } from 'chai'
import { childEnvironment } from '../../../src/child-environment.ts'
import type { Io } from '../../../src/cli/terminal/index.ts'
import { runProgram } from '../../../src/cli/terminal/run-program.ts'

interface Watched {
  readonly io: Io
  readonly out: () => string
  readonly err: () => string
  /** Sends us a signal. */
  signal(signal: NodeJS.Signals): void
}

function watchedIo(): Watched {
  const out: string[] = []
  const err: string[] = []
  const listeners = new Set<(signal: NodeJS.Signals) => void>()
  const io = {
    env: process.env,
    cwd: process.cwd(),
    stdinIsTerminal: false,
    sharesStreams: false,
    out: (bytes: string | Uint8Array) => out.push(Buffer.from(bytes as Uint8Array).toString()),
    err: (bytes: string | Uint8Array) => err.push(Buffer.from(bytes as Uint8Array).toString()),
    onInterrupt(listener: (signal: NodeJS.Signals) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as unknown as Io
  return {
    io,
    out: () => out.join(''),
    err: () => err.join(''),
    signal: (signal) => {
      for (const listener of listeners) listener(signal)
    },
  }
}

function shell(watched: Watched, script: string, secrets: readonly string[] | undefined = []): Promise<number> {
  return runProgram(
    { file: '/bin/sh', name: 'sh', args: ['-c', script], env: childEnvironment(process.env), secrets },
    watched.io,
  )
}

describe('runProgram', () => {
  it("returns the program's exit code and passes its output on", async () => {
    const watched = watchedIo()
    expect(await shell(watched, 'echo out; echo err >&2; exit 7')).to.equal(7)
    expect(watched.out()).to.equal('out\n')
    expect(watched.err()).to.equal('err\n')
  })

  it('returns 128 and the number of the signal that ended it', async () => {
    expect(await shell(watchedIo(), 'kill -TERM $$')).to.equal(143)
  })

  it('passes a signal on and waits for the program', async () => {
    const watched = watchedIo()
    const running = shell(watched, "trap 'echo stopping; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    while (!watched.out().includes('ready')) await new Promise((done) => setTimeout(done, 10))
    watched.signal('SIGTERM')
    expect(await running).to.equal(5)
    expect(watched.out()).to.equal('ready\nstopping\n')
  })

  it('hides secrets on both streams, also when they come in pieces', async () => {
    const watched = watchedIo()
    await shell(watched, 'printf hun; sleep 0.02; printf ter2; printf hunter2 >&2; printf " and hunt"', ['hunter2'])
    expect(watched.out()).to.equal('[secret] and hunt')
    expect(watched.err()).to.equal('[secret]')
  })

  it('lets a prompt through although it ends like the beginning of a secret', async () => {
    const watched = watchedIo()
    const running = shell(watched, 'printf "Go? y/h"; sleep 0.5; echo', ['hunter2'])
    await new Promise((done) => setTimeout(done, 350))
    expect(watched.out()).to.equal('Go? y/h')
    await running
  })

  it('leaves the output alone when nothing is to be hidden', async () => {
    const watched = watchedIo()
    await shell(watched, 'printf hunter2', undefined)
    expect(watched.out()).to.equal('hunter2')
  })

  it('fails when the program cannot be started', async () => {
    const program = { file: '/nonexistent', name: 'x', args: [], env: childEnvironment({}), secrets: [] }
    const problem = await runProgram(program, watchedIo().io).catch((error) => error)
    expect(problem).to.include({ code: 'invalid_input' })
  })
})
