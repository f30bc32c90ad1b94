import type { CommitOutcome } from '../../operations/index.ts'
import { type Io, worded } from '../terminal/index.ts'
import { EXIT } from './report-error.ts'

/** The command that a command line runs, as the sessions that it opens have to know it. */
export class RunningCommand {
  /** Its words without arguments: `env open`. */
  readonly words: string
  /** The value of `--commit`. `undefined` when it was not given. */
  readonly commit: boolean | undefined
  readonly #io: Io
  #commitFailed = false

  constructor(id: string, commit: boolean | undefined, io: Io) {
    this.words = id.replaceAll(':', ' ')
    this.commit = commit
    this.#io = io
  }

  /** Says what became of a commit, where that is not what was wanted. */
  noteCommit(outcome: CommitOutcome): void {
    if (outcome.kind === 'committed' && outcome.warning) this.#io.err(`warning: ${worded(outcome.warning)}\n`)
    if (outcome.kind !== 'failed') return
    this.#io.err(`Error: ${worded(outcome.warning)}\nhint: ${worded(outcome.hint)}\n`)
    this.#commitFailed = true
  }

  /**
   * The exit code for one of the command itself: a success is none when its commit failed, for a
   * machine that only looks at the code may throw its folder away.
   */
  exitCode(code: number): number {
    return this.#commitFailed ? code || EXIT.failed : code
  }
}
