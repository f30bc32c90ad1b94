import { ReadStream } from 'node:tty'
import type { Redactor } from '../../masking/redactor/index.ts'
import { fileSink } from './file-sink.ts'
import type { Io } from './io.ts'
import type { Program, RunningProgram } from './program.ts'
import { closeWhenQuiet, holdTerminal, outputOf } from './pty-output.ts'
import { suspendsOnKey } from './pty-state.ts'
import { makeTerminalRaw, type RawTerminal } from './raw-terminal.ts'
import { writeRedacted } from './redacted-stream.ts'
import { signalGroup } from './signals.ts'

const SUSPEND_KEY = 0x1a
/** A program may want to put its screen in order before it is stopped. */
const SUSPEND_MS = 50

/**
 * Starts a program on a terminal of its own, as large as ours. Keys go to it as they are typed;
 * what it prints passes the redactor. `undefined` when this machine has no library for that, or the
 * terminal cannot be made raw.
 */
export async function startInPty(program: Program, io: Io, redactor: Redactor): Promise<RunningProgram | undefined> {
  const library = await import('../../vendor/pty.ts').catch((error) => {
    if (io.env.ESC_DEBUG) io.err(`no terminal for the program: ${error.message}\n`)
    return undefined
  })
  const terminal = library && makeTerminalRaw()
  if (library === undefined || terminal === undefined) return undefined
  const own = new OwnTerminal(terminal)
  let child: Child
  try {
    child = library.spawn(program.file, [...program.args], {
      ...own.size,
      cwd: io.cwd,
      env: program.env,
    }) as unknown as Child
  } catch (error) {
    own.release()
    throw error
  }
  const letGo = holdTerminal(child.ptsName)
  // What is done to the terminal when its program ends, we do.
  child._emittedClose = true
  const output = outputOf(child._socket, child._fd)
  own.lendTo(child)
  const written = writeRedacted({ from: output, redactor, sink: fileSink(1), toTerminal: true })
  const ended = new Promise<number>((done) => {
    child.onExit(({ exitCode, signal }) => {
      letGo()
      closeWhenQuiet(child._socket)
      done(signal ? 128 + signal : exitCode)
    })
  })
  return {
    exit: Promise.all([ended, written])
      .then(([code]) => code)
      .finally(() => own.release()),
    kill: (signal) => child.kill(signal),
    hasPty: true,
    abandon: () => void child._socket.destroy(new Error('abandoned')),
  }
}

/** The terminal we were started in, raw while its keys and its size go to a program. */
class OwnTerminal {
  readonly #terminal: RawTerminal
  readonly #keys = new ReadStream(0)
  /** Hears of changes of the window; a stream of our own would not. */
  readonly #screen = process.stdout
  #stopListening = () => {}

  constructor(terminal: RawTerminal) {
    this.#terminal = terminal
  }

  get size(): { readonly cols: number; readonly rows: number } {
    return { cols: this.#screen.columns || 80, rows: this.#screen.rows || 24 }
  }

  lendTo(child: Child): void {
    const resize = () => this.#resize(child)
    this.#keys.on('data', (bytes: Buffer) => {
      // Asked before the key has done anything: a shell in the terminal may have stopped
      // another program by then.
      const stops = bytes.includes(SUSPEND_KEY) && suspendsOnKey(child.pid, child.ptsName)
      if (child._socket.writable) child.write(bytes)
      if (stops) setTimeout(() => this.#suspend(child), SUSPEND_MS)
    })
    this.#screen.on('resize', resize)
    this.#stopListening = () => this.#screen.off('resize', resize)
  }

  /** Makes the terminal what it was. */
  release(): void {
    this.#keys.destroy()
    this.#stopListening()
    this.#terminal.restore()
  }

  #resize(child: Child): void {
    const { cols, rows } = this.size
    try {
      child.resize(cols, rows)
    } catch {
      // It has just ended.
    }
  }

  /** Ctrl-Z stops no program that leads a session of its own: we do that, and stop with it. */
  #suspend(child: Child): void {
    const keys = this.#keys
    // It has ended, and our terminal is as it was: so it stays.
    if (keys.destroyed) return
    signalGroup(child.pid, 'SIGSTOP')
    // Until the terminal is raw again, Ctrl-D would be the end of all keys.
    keys.pause()
    this.#terminal.restore()
    process.kill(0, 'SIGTSTP')
    // No time passes while we are stopped.
    setTimeout(() => {
      if (keys.destroyed) return
      this.#terminal.resume()
      keys.resume()
      this.#resize(child)
      signalGroup(child.pid, 'SIGCONT')
    }, 10)
  }
}

/** The library's terminal, with what its types leave out. */
interface Child {
  readonly pid: number
  /** Path of the terminal. */
  readonly ptsName: string
  readonly _socket: ReadStream
  readonly _fd: number
  /**
   * Unless set, the library tells of the program's end only once the terminal is closed, and closes
   * that after 200 ms, read or not.
   */
  _emittedClose: boolean
  write(bytes: Uint8Array): void
  resize(columns: number, rows: number): void
  kill(signal: string): void
  onExit(listener: (ended: { readonly exitCode: number; readonly signal?: number }) => void): unknown
}
