import { EscError, messageOf } from '../../errors.ts'
import { LEAST_SECRET_BYTES, secretForms } from '../../masking/index.ts'
import { HiddenPatterns, Redactor } from '../../masking/redactor/index.ts'
import { fileSink } from './file-sink.ts'
import type { Io } from './io.ts'
import type { Program, RunningProgram } from './program.ts'
import { type Sink, writeRedacted } from './redacted-stream.ts'
import { type CaughtSignals, catchSignals, signalGroup, signalNumber } from './signals.ts'

/**
 * Runs a program to its end and returns its exit code. Signals sent to us are passed on to it. Its
 * output is written as it comes, with secrets hidden.
 *
 * @throws EscError `invalid_input` when it cannot be started; the cause tells why.
 */
export async function runProgram(program: Program, io: Io, signals: CaughtSignals = catchSignals(io)): Promise<number> {
  try {
    const running = await startProgram(program, io)
    signals.passTo((signal) => {
      // A key on a terminal reaches the program anyway; sending the signal
      // again would be a second one.
      if (!(isKey(signal) && io.stdinIsTerminal && !running.hasPty)) running.kill(signal)
    })
    return await running.exit
  } finally {
    signals.release()
  }
}

/** True when a terminal sends it at a key. */
export function isKey(signal: NodeJS.Signals): boolean {
  return signal === 'SIGINT' || signal === 'SIGQUIT'
}

/** Starts a program; see `runProgram`. */
export async function startProgram(asked: Program, io: Io): Promise<RunningProgram> {
  io.busy?.end()
  refuseNul(asked)
  const program = await holdingRawBytes(asked)
  // Nothing to hide: it may have our streams.
  const hides = program.secrets?.some((secret) => Buffer.byteLength(secret) >= LEAST_SECRET_BYTES) ?? false
  if (hides && program.pty !== false && isAtTerminal(io)) {
    const { startInPty } = await import('./pty-program.ts')
    const { refuseTooLarge } = await import('./too-large.ts')
    refuseTooLarge(program)
    const redactor = new Redactor(new HiddenPatterns(() => secretForms(program.secrets ?? [])))
    const running = await startInPty(program, io, redactor)
    if (running !== undefined) return running
  }
  try {
    return await startWithPipes(program, io, hides)
  } catch (error) {
    // Node throws this one at once; of the common ones it tells later.
    if ((error as NodeJS.ErrnoException).code !== 'E2BIG') throw error
    const { tooLarge } = await import('./too-large.ts')
    throw tooLarge(program, error)
  }
}

/** Rare, so that other programs do not pay for it. */
async function holdingRawBytes(program: Program): Promise<Program> {
  if (Object.values(program.env).every((value) => value === undefined || value.isWellFormed())) return program
  const { withRawVariables } = await import('./raw-variables.ts')
  return withRawVariables(program)
}

/** No program can be given a NUL. Node would say so with the value, which may be a secret. */
function refuseNul({ name, args, env }: Program): void {
  const hint = 'keep it as a file: put the value below files instead of environmentVariables'
  const variable = Object.keys(env).find((key) => key.includes('\0') || env[key]?.includes('\0'))
  if (variable !== undefined) {
    const shown = variable.replaceAll('\0', '?')
    throw new EscError('invalid_input', `running ${name}: the value of the variable ${shown} holds a NUL byte`, {
      hint,
    })
  }
  const index = args.findIndex((word) => word.includes('\0'))
  if (index !== -1)
    throw new EscError('invalid_input', `running ${name}: argument ${index + 1} holds a NUL byte`, { hint })
}

/**
 * A terminal of its own has one output for both streams: ours must both go to the terminal as well.
 */
function isAtTerminal(io: Io): boolean {
  return io.sharesStreams && io.stdinIsTerminal && io.stdoutIsTerminal && io.stderrIsTerminal
}

async function startWithPipes(program: Program, io: Io, hides: boolean): Promise<RunningProgram> {
  const { spawn } = await import('node:child_process')
  // Where nobody reads there is nothing to hide.
  const output = (stream: 'stdout' | 'stderr') =>
    io.sharesStreams && (!hides || io.discards?.(stream)) ? 'inherit' : 'pipe'
  const child = spawn(program.file, [...program.args], {
    argv0: program.name,
    env: program.env,
    cwd: io.cwd,
    detached: program.ownGroup === true,
    stdio: [io.sharesStreams ? 'inherit' : 'ignore', output('stdout'), output('stderr')],
  })
  const ended = new Promise<number>((done, fail) => {
    child.on('error', (error) => {
      fail(new EscError('invalid_input', `running ${program.name}: ${messageOf(error)}`, { cause: error }))
    })
    child.on('exit', (status, signal) => done(status ?? 128 + signalNumber(signal as NodeJS.Signals)))
  })
  const hidden = hides ? new HiddenPatterns(() => secretForms(program.secrets ?? [])) : undefined
  const written = [
    { from: child.stdout, sink: outSink(io), toTerminal: io.stdoutIsTerminal },
    { from: child.stderr, sink: errSink(io), toTerminal: io.stderrIsTerminal },
  ].map(({ from, ...to }) => from && writeRedacted({ from, redactor: hidden && new Redactor(hidden), ...to }))
  return {
    exit: ended.then(async (code) => {
      await Promise.all(written)
      return code
    }),
    kill: (signal) => {
      if (program.ownGroup && child.pid !== undefined) signalGroup(child.pid, signal)
      else child.kill(signal)
    },
    hasPty: false,
    abandon() {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
  }
}

function outSink(io: Io): Sink {
  return io.sharesStreams ? fileSink(1) : async (bytes) => io.out(bytes)
}

function errSink(io: Io): Sink {
  return io.sharesStreams ? fileSink(2) : async (bytes) => io.err(bytes)
}
