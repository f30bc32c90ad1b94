import type { Io } from './io.ts'

/** Signals of this process that are meant for a program it runs. */
export interface CaughtSignals {
  /** From now on they go here; those that have come so far first. */
  passTo(receive: (signal: NodeJS.Signals) => void): void
  /** Signals do again what they did before. */
  release(): void
}

/**
 * Besides those that `Io` knows. Left alone, the first two would end us before the program, and
 * SIGUSR1 opens Node's debugger.
 */
const MORE_SIGNALS = ['SIGQUIT', 'SIGUSR2', 'SIGUSR1'] as const

/**
 * Catches the signals that would end this process before what it has started or
 * written is put in order.
 */
export function catchSignals(io: Io): CaughtSignals {
  const waiting: NodeJS.Signals[] = []
  let receive = (signal: NodeJS.Signals): void => {
    waiting.push(signal)
  }
  const listener = (signal: NodeJS.Signals) => receive(signal)
  const stop = io.onInterrupt(listener)
  const more = io.sharesStreams ? MORE_SIGNALS : []
  for (const signal of more) process.on(signal, listener)
  return {
    passTo(next) {
      receive = next
      for (const signal of waiting.splice(0)) next(signal)
    },
    release() {
      stop()
      for (const signal of more) process.off(signal, listener)
    },
  }
}

/** Sends a signal to a program that leads a group of processes, and to the others in it. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // All have just ended.
  }
}

/** The number of a signal on this machine. Looked up when it is needed: few programs end by one. */
export function signalNumber(signal: NodeJS.Signals): number {
  return process.getBuiltinModule('node:os').constants.signals[signal]
}
