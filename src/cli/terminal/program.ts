import type { ChildVariables } from '../../child-environment.ts'

/** A program to be started, with all that it is given. */
export interface Program {
  /** Absolute path. */
  readonly file: string
  /** The name it is started under: its `argv[0]`. */
  readonly name: string
  readonly args: readonly string[]
  readonly env: ChildVariables
  /** The secrets that are hidden in its output. Undefined: it gets our streams as they are. */
  readonly secrets: readonly string[] | undefined
  /** True when it gets a terminal of its own where we have one. Default: yes. */
  readonly pty?: boolean
  /**
   * True when signals go to it and all that it has started. Not for a program that
   * reads keys. Default: no.
   */
  readonly ownGroup?: boolean
}

/** A program that has been started. */
export interface RunningProgram {
  /**
   * Its exit code, when all it printed has been written; 128 + the signal's
   * number when a signal ended it.
   */
  readonly exit: Promise<number>
  kill(signal: NodeJS.Signals): void
  /** True when it has a terminal of its own: the keys of ours do not reach it as signals. */
  readonly hasPty: boolean
  /** Reads its output no more, whoever may still write. */
  abandon(): void
}
