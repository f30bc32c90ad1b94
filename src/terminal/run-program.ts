import type { Readable } from 'node:stream'
import { EscError, messageOf } from '../errors.ts'
import type { Io, Variables } from './io.ts'
import { IDLE_MS, Redactor } from './redact.ts'
import { secretForms } from './secret-forms.ts'

export interface Program {
  /** Absolute path. */
  readonly file: string
  /** The name it is started under: its `argv[0]`. */
  readonly name: string
  readonly args: readonly string[]
  readonly env: Variables
  /** What is hidden in its output. Undefined: it gets our streams as they are. */
  readonly secrets: readonly string[] | undefined
}

/**
 * Runs a program to its end and returns its exit code; 128 + the signal's number when a signal ended it. Signals sent to us are
 * passed on to it. Its output is written as it comes, with secrets hidden.
 */
export async function runProgram(program: Program, io: Io): Promise<number> {
  const { spawn } = await import('node:child_process')
  const { constants } = await import('node:os')
  const filtered = program.secrets !== undefined
  const output = filtered || !io.sharesStreams ? 'pipe' : 'inherit'
  const child = spawn(program.file, [...program.args], {
    argv0: program.name,
    env: { ...program.env },
    cwd: io.cwd,
    stdio: [io.sharesStreams ? 'inherit' : 'ignore', output, output],
  })
  const stop = io.onInterrupt((signal) => {
    // Ctrl-C on a terminal reaches the program anyway; sending it again would be a second Ctrl-C.
    if (signal !== 'SIGINT' || !io.stdinIsTerminal) child.kill(signal)
  })
  try {
    const patterns = secretForms(program.secrets ?? [])
    const drained = [
      child.stdout && drain(child.stdout, new Redactor(patterns), (bytes) => io.out(bytes)),
      child.stderr && drain(child.stderr, new Redactor(patterns), (bytes) => io.err(bytes)),
    ]
    const code = await new Promise<number>((done, fail) => {
      child.on('error', (error) => {
        fail(new EscError('invalid_input', `running ${program.name}: ${messageOf(error)}`, { cause: error }))
      })
      child.on('exit', (status, signal) => done(status ?? 128 + constants.signals[signal as NodeJS.Signals]))
    })
    await Promise.all(drained)
    return code
  } finally {
    stop()
  }
}

function drain(stream: Readable, redactor: Redactor, write: (bytes: Uint8Array) => void): Promise<void> {
  let idle: NodeJS.Timeout | undefined
  const emit = (bytes: Uint8Array) => {
    if (bytes.length > 0) write(bytes)
  }
  return new Promise((done, fail) => {
    stream.on('data', (chunk: Buffer) => {
      clearTimeout(idle)
      emit(redactor.push(chunk))
      idle = setTimeout(() => emit(redactor.idle()), IDLE_MS)
    })
    stream.on('error', fail)
    stream.on('end', () => {
      clearTimeout(idle)
      emit(redactor.end())
      done()
    })
  })
}
