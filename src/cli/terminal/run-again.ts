import type { Io } from './io.ts'
import type { Program, RunningProgram } from './program.ts'
import { isKey, startProgram } from './run-program.ts'
import type { CaughtSignals } from './signals.ts'

/** A program that has been told to end gets so long before it is killed. */
const GRACE_MS = 5000

/** A program, with what it needs while it runs. */
export interface PreparedProgram {
  readonly program: Program
  /** Removes what was made for it. */
  release(): void
}

export interface ReplacingProgram extends PreparedProgram {
  /** The reason why it takes the other's place. */
  readonly reason: string
}

export interface RunAgain {
  readonly first: PreparedProgram
  /** Waits for what takes the place of a running program, until `signal`. Never rejects. */
  readonly next: (signal: AbortSignal, say: (text: string) => void) => Promise<ReplacingProgram | undefined>
  readonly signals: CaughtSignals
}

/**
 * Runs a program; whenever something takes its place, it is ended and that is started. Returns the
 * exit code of the last one, when that ended by itself or through a signal sent to us.
 */
export async function runAgain({ first, next, signals }: RunAgain, io: Io): Promise<number> {
  let prepared = first
  try {
    for (;;) {
      const running = await startProgram({ ...prepared.program, ownGroup: !io.stdinIsTerminal }, io)
      const interrupted = new AbortController()
      signals.passTo((signal) => {
        if (ENDING.includes(signal)) interrupted.abort()
        if (!(isKey(signal) && io.stdinIsTerminal && !running.hasPty)) running.kill(signal)
      })
      // On a raw terminal nothing else goes back to the left.
      const say = (text: string) => io.err(`esc: ${text}${running.hasPty ? '\r\n' : '\n'}`)
      const replacement = await replacementOf(running, (signal) => next(signal, say))
      if (replacement === undefined) return await running.exit
      if (!interrupted.signal.aborted) say(`${replacement.reason}; starting ${prepared.program.name} again`)
      const code = await end(running)
      if (interrupted.signal.aborted) {
        replacement.release()
        return code
      }
      prepared.release()
      prepared = replacement
    }
  } finally {
    prepared.release()
  }
}

const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP']

/** `undefined` when the program has ended. */
async function replacementOf(
  running: RunningProgram,
  next: (signal: AbortSignal) => Promise<ReplacingProgram | undefined>,
) {
  const over = new AbortController()
  const ended = running.exit.finally(() => over.abort())
  const waiting = next(over.signal)
  await Promise.race([ended, waiting])
  const replacement = await waiting
  if (!over.signal.aborted) return replacement
  replacement?.release()
  return undefined
}

async function end(running: RunningProgram): Promise<number> {
  running.kill('SIGTERM')
  const killing = setTimeout(() => {
    running.kill('SIGKILL')
    running.abandon()
  }, GRACE_MS)
  try {
    return await running.exit
  } finally {
    clearTimeout(killing)
  }
}
