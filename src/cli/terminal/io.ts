import type { Variables } from '../../child-environment.ts'

/**
 * The surroundings of one command: where it reads and writes, and what kind of terminal that is.
 * `processIo()` is the real one; tests hand in their own.
 */
export interface Io {
  readonly env: Variables
  readonly cwd: string
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
  /** Width of the terminal in columns; undefined when output goes elsewhere. */
  readonly columns: number | undefined
  /** Height of the terminal in lines; undefined or absent when output goes elsewhere. */
  readonly rows?: number
  /** While a command works, where that is to be seen. */
  readonly busy?: Busy
  /** The terminal that this one stands in front of, to draw on it. */
  readonly behind?: Io
  /**
   * True when programs we start can have our own streams. False in tests, whose
   * streams are not the process's.
   */
  readonly sharesStreams: boolean
  /** True when nobody can ever read what is written there: it is /dev/null. Absent: no. */
  discards?(stream: 'stdout' | 'stderr'): boolean
  out(text: string | Uint8Array): void
  err(text: string | Uint8Array): void
  /** Everything up to the end of standard input. */
  readStdin(): Promise<Uint8Array>
  /** One line without its line break; undefined at the end of input. */
  readLine(): Promise<string | undefined>
  /** Takes what may be a secret out of a message. Absent: nothing is known to be hidden. */
  conceal?(message: string): string
  /** Takes note of a definition whose secrets are in the clear, so that `conceal` finds them. */
  hide?(definition: string): void
  now(): Date
  /**
   * Calls `listener` on Ctrl-C, SIGTERM and SIGHUP instead of ending the process; the
   * function returned stops that.
   */
  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void
  /**
   * Starts this program once more, with these arguments, as a process that outlives this one.
   * Undefined: nothing is left running.
   */
  startInBackground?(words: readonly string[]): void
  /** Ends the process at once. */
  exit(code: number): never
}

/** Says that something takes its time. */
export interface Busy {
  /**
   * Tells what is being done now, such as `checking app/dev (3 of 120)`. To be called often: work
   * that never waits is only seen so.
   */
  say(text: string): void
  /** Nothing is drawn while a person is asked. */
  quietly<T>(work: () => Promise<T>): Promise<T>
  /** Nothing is drawn any more. */
  end(): void
}

/**
 * The terminal behind all that is drawn on it: the same object from the start
 * of a command to its end.
 */
export function backmost(io: Io): Io {
  return io.behind === undefined ? io : backmost(io.behind)
}

/**
 * True when a person sits there: stdin and stdout are terminals and the terminal is not a dumb one.
 */
export function isInteractive(io: Io): boolean {
  return io.stdinIsTerminal && io.stdoutIsTerminal && io.env.TERM !== 'dumb'
}

/** True when standard output (or standard error) may carry colour. */
export function hasColour(io: Io, stream: 'stdout' | 'stderr'): boolean {
  const terminal = stream === 'stdout' ? io.stdoutIsTerminal : io.stderrIsTerminal
  return terminal && io.env.NO_COLOR === undefined && io.env.TERM !== 'dumb'
}
