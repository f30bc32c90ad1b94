import { readSync } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { fileSink } from './file-sink.ts'
import type { Io } from './io.ts'
import { suspendsOnKey } from './pty-state.ts'
import { makeTerminalRaw } from './raw-terminal.ts'
import type { Redactor } from './redact.ts'
import { writeRedacted } from './redacted-stream.ts'
import type { Program, RunningProgram } from './run-program.ts'
import { signalGroup } from './signals.ts'

const SUSPEND_KEY = 0x1a
/** A program may want to put its screen in order before it is stopped. */
const SUSPEND_MS = 50
/** A terminal that is quiet for so long after its program has ended is closed, though another may have it open. */
const QUIET_MS = 200

/**
 * Starts a program on a terminal of its own, as large as ours. Keys go to it as they are typed; what it prints passes the redactor.
 * Undefined: this machine has no library for that, or the terminal cannot be made raw.
 */
export async function startInPty(program: Program, io: Io, redactor: Redactor): Promise<RunningProgram | undefined> {
  const library = await import('../sdk/pty.ts').catch((error) => {
    if (io.env.ESC_DEBUG) io.err(`no terminal for the program: ${error.message}\n`)
    return undefined
  })
  const terminal = library && makeTerminalRaw()
  if (library === undefined || terminal === undefined) return undefined
  // It hears of changes of the window; a stream of our own would not.
  const screen = process.stdout
  const keys = new ReadStream(0)
  const size = () => ({ cols: screen.columns || 80, rows: screen.rows || 24 })
  const settle = () => {
    keys.destroy()
    screen.off('resize', resize)
    terminal.restore()
  }
  let child: Child
  try {
    child = library.spawn(program.file, [...program.args], {
      ...size(),
      cwd: io.cwd,
      env: { ...program.env },
    }) as unknown as Child
  } catch (error) {
    settle()
    throw error
  }
  const output = outputOf(child._socket, child._fd)
  keys.on('data', (bytes: Buffer) => {
    // Asked before the key has done anything: a shell in the terminal may have stopped another program by then.
    const stops = bytes.includes(SUSPEND_KEY) && suspendsOnKey(child.pid, child.ptsName)
    if (child._socket.writable) child.write(bytes)
    if (stops) setTimeout(suspend, SUSPEND_MS)
  })
  screen.on('resize', resize)

  function resize(): void {
    const { cols, rows } = size()
    try {
      child.resize(cols, rows)
    } catch {
      // It has just ended.
    }
  }

  /** Ctrl-Z stops no program that leads a session of its own: we do that, and stop with it. */
  function suspend(): void {
    signalGroup(child.pid, 'SIGSTOP')
    terminal?.restore()
    process.kill(0, 'SIGTSTP')
    // No time passes while we are stopped.
    setTimeout(() => {
      terminal?.resume()
      resize()
      signalGroup(child.pid, 'SIGCONT')
    }, 10)
  }

  const written = writeRedacted({ from: output, redactor, sink: fileSink(1), toTerminal: true })
  const ended = new Promise<number>((done) => {
    child.onExit(({ exitCode, signal }) => done(signal ? 128 + signal : exitCode))
  })
  return {
    exit: Promise.all([ended, written]).then(
      ([code]) => {
        settle()
        return code
      },
      (error) => {
        settle()
        throw error
      },
    ),
    kill: (signal) => child.kill(signal),
    hasPty: true,
    abandon: () => void child._socket.destroy(new Error('abandoned')),
  }
}

/** The library's terminal, with what its types leave out. */
interface Child {
  readonly pid: number
  /** Path of the terminal. */
  readonly ptsName: string
  readonly _socket: ReadStream
  readonly _fd: number
  write(bytes: Uint8Array): void
  resize(columns: number, rows: number): void
  kill(signal: string): void
  onExit(listener: (ended: { readonly exitCode: number; readonly signal?: number }) => void): unknown
}

/** All bytes that a program writes to its terminal. */
function outputOf(socket: ReadStream, fd: number): Readable {
  const output = new PassThrough()
  // Asked for UTF-8, the library tells the terminal that letters have several bytes; but we want the bytes.
  socket.setEncoding('latin1')
  // Nobody has it open any more: that is its end.
  socket.on('error', () => {})
  socket.on('data', (text: string) => {
    if (!output.write(text, 'latin1')) socket.pause()
  })
  output.on('drain', () => socket.resume())
  // Node takes the hang-up of a terminal for its end, although the kernel still holds some of its output.
  const destroy = socket._destroy.bind(socket)
  socket._destroy = (error, done) => {
    output.end(readRest(fd))
    destroy(error, done)
  }
  destroyWhenQuiet(socket)
  return output
}

function readRest(fd: number): Buffer {
  const parts: Buffer[] = []
  try {
    for (;;) {
      const part = Buffer.alloc(65_536)
      const count = readSync(fd, part)
      if (count === 0) break
      parts.push(part.subarray(0, count))
    }
  } catch {
    // Nothing left, or nothing yet.
  }
  return Buffer.concat(parts)
}

/**
 * The library closes the terminal 200 ms after the end of the program, read or not. It is closed when nothing more comes, however
 * long our own terminal takes.
 */
function destroyWhenQuiet(socket: ReadStream): void {
  const destroy = socket.destroy.bind(socket)
  let destroying = false
  socket.destroy = (error) => {
    if (error !== undefined || destroying || socket.readableEnded) return destroy(error)
    destroying = true
    let read = -1
    const look = () => {
      if (socket.destroyed) return
      if (!socket.isPaused() && socket.bytesRead === read) destroy()
      else {
        read = socket.bytesRead
        setTimeout(look, QUIET_MS)
      }
    }
    look()
    return socket
  }
}
