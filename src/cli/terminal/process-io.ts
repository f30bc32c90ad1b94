import { fstatSync, readSync, writeSync } from 'node:fs'
import { childEnvironment, takeProcessVariables } from '../../child-environment.ts'
import type { Io } from './io.ts'

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Exit code of a program whose reader went away: 128 + SIGPIPE. */
const BROKEN_PIPE = 141

/**
 * The terminal of this process. Writes are synchronous: touching `process.stdout` alone costs
 * several milliseconds of every start (it loads `tty` or `net`).
 */
export function processIo(): Io {
  const env = takeProcessVariables()
  return {
    env,
    cwd: process.cwd(),
    get stdinIsTerminal() {
      return isTerminal(0)
    },
    get stdoutIsTerminal() {
      return isTerminal(1)
    },
    get stderrIsTerminal() {
      return isTerminal(2)
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : undefined
    },
    get rows() {
      return isTerminal(1) ? process.stdout.rows : undefined
    },
    sharesStreams: true,
    discards: (stream) => streamKind(stream === 'stdout' ? 1 : 2) === 'nothing',
    out: (text) => writeFully(1, text),
    err: (text) => writeFully(2, text),
    readStdin: async () => readAll(0),
    readLine: async () => readLineOf(0),
    now: () => new Date(),
    onInterrupt(listener) {
      for (const signal of INTERRUPTS) process.on(signal, listener)
      return () => {
        for (const signal of INTERRUPTS) process.off(signal, listener)
      }
    },
    startInBackground(words) {
      const { spawn } = process.getBuiltinModule('node:child_process') as typeof import('node:child_process')
      const program = process.argv[1] as string
      // The executable is its own program.
      const script = program === process.execPath ? [] : [program]
      const child = spawn(process.execPath, [...process.execArgv, ...script, ...words], {
        // It signs webhooks with the keys of environments.
        env: childEnvironment(env, { keepKeys: true }),
        detached: true,
        stdio: 'ignore',
        cwd: '/',
        windowsHide: true,
      })
      child.on('error', () => {})
      child.unref()
    },
    exit: (code) => process.exit(code),
  }
}

/**
 * Device number of /dev/null on Linux: a character device that needs no `tty` module to rule out.
 */
const DEV_NULL = 0x103

/** The kinds of standard input, output and error, as they were when first asked for. */
const streams: (StreamKind | undefined)[] = []

/** `nothing`: /dev/null. */
type StreamKind = 'terminal' | 'nothing' | 'other'

function isTerminal(fd: number): boolean {
  return streamKind(fd) === 'terminal'
}

function streamKind(fd: number): StreamKind {
  streams[fd] ??= lookAtStream(fd)
  return streams[fd]
}

function lookAtStream(fd: number): StreamKind {
  try {
    const status = fstatSync(fd)
    if (!status.isCharacterDevice()) return 'other'
    if (status.rdev === DEV_NULL) return 'nothing'
  } catch {
    return 'other'
  }
  return (process.getBuiltinModule('node:tty') as typeof import('node:tty')).isatty(fd) ? 'terminal' : 'other'
}

/** Writes all of `data`, waiting when a pipe is full. Ends the process when the reader is gone. */
function writeFully(fd: number, data: string | Uint8Array): void {
  let rest = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') pause(2)
      else if (code === 'EPIPE') process.exit(BROKEN_PIPE)
      else throw error
    }
  }
}

function readAll(fd: number): Uint8Array {
  const chunks: Buffer[] = []
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536)
    const count = readChunk(fd, chunk)
    if (count === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
  }
}

/** Byte by byte, so that nothing after the line break is taken from whoever reads next. */
function readLineOf(fd: number): string | undefined {
  const bytes: number[] = []
  const byte = Buffer.alloc(1)
  while (readChunk(fd, byte) === 1) {
    if (byte[0] === 0x0a) return Buffer.from(bytes).toString('utf8').replace(/\r$/, '')
    bytes.push(byte[0] as number)
  }
  return bytes.length === 0 ? undefined : Buffer.from(bytes).toString('utf8')
}

function readChunk(fd: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, into)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') pause(5)
      else if (code === 'EOF') return 0
      else throw error
    }
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
