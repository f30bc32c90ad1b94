import { type ErrorCode, EscError, type EscErrorOptions, hintOf, textOfError } from '../../errors.ts'
import type { SaveResult } from '../../operations/index.ts'
import type { Remedy } from '../../remedy.ts'
import { mapRemedy } from '../../rich-text.ts'
import type { Io } from '../terminal/index.ts'
import { backmost, hasColour, red, toJsonText, worded } from '../terminal/index.ts'

type Diagnostic = SaveResult['diagnostics'][number]

/** The exit codes of the process (docs/cli.md, "Exit codes"). */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  rotatedInPart: 3,
  forbidden: 4,
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
} as const

/**
 * An error whose explanation has already been printed, such as diagnostics. Only
 * its exit code still counts.
 */
export class ReportedError extends EscError {
  /** The mistakes that were printed, for programs. */
  readonly diagnostics: readonly Diagnostic[]

  constructor(code: ErrorCode, message: string, diagnostics: readonly Diagnostic[] = []) {
    super(code, message)
    this.diagnostics = diagnostics
  }
}

/** An error in other words, with the code and the remedies that it has. */
export class RewordedError extends EscError {
  readonly #remedies: readonly Remedy[]

  override get remedies(): readonly Remedy[] {
    return this.#remedies
  }

  constructor(error: EscError, message: string) {
    super(error.code, message, { cause: error })
    this.#remedies = error.remedies
  }
}

/** An error with an exit code that its kind does not tell. */
export class ExitError extends EscError {
  readonly exitCode: number

  constructor(exitCode: number, code: ErrorCode, message: string, options: EscErrorOptions = {}) {
    super(code, message, options)
    this.exitCode = exitCode
  }
}

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitError) return error.exitCode
  if (!(error instanceof EscError)) return EXIT.failed
  const codes: Partial<Record<ErrorCode, number>> = {
    usage: EXIT.usage,
    forbidden: EXIT.forbidden,
    interrupted: EXIT.interrupted,
  }
  return codes[error.code] ?? EXIT.failed
}

/**
 * Prints an error: `Error: what happened`, then `hint: what to do`. With `json` a program reads it
 * on standard output instead. A stack trace is shown only when ESC_DEBUG is set.
 */
export function reportError(error: unknown, io: Io, output: 'text' | 'json'): number {
  const exitCode = exitCodeOf(error)
  const conceal = (text: string) => backmost(io).conceal?.(text) ?? text
  // The reference has single quotes around the commands of its messages.
  const [what, remedy] = [textOfError(error), hintOf(error)]
  const message = conceal(worded(what, "'"))
  const hint = remedy === undefined ? undefined : conceal(worded(remedy))
  if (output === 'json') {
    const code = error instanceof EscError ? error.code : 'failed'
    // A plugin's copy of the class may be of an earlier version.
    const remedies = (error instanceof EscError && error.remedies) || []
    const more = remedies.length === 0 ? {} : { remedies: remedies.map((each) => mapRemedy(each, conceal)) }
    const diagnostics = error instanceof ReportedError ? error.diagnostics : []
    const mistakes =
      diagnostics.length === 0 ? {} : { diagnostics: diagnostics.map((each) => mistakeJson(each, conceal)) }
    io.out(toJsonText({ error: { code, message, ...(hint === undefined ? {} : { hint }), ...more, ...mistakes } }))
  }
  if (!(error instanceof ReportedError)) {
    const label = hasColour(io, 'stderr') ? red('Error:') : 'Error:'
    io.err(`${label} ${message}\n`)
    if (hint !== undefined && !io.env.ESC_NO_HINTS) io.err(`hint: ${hint}\n`)
  }
  if (io.env.ESC_DEBUG && error instanceof Error) {
    io.err(`${error.stack ?? ''}\n`)
    if (error.cause instanceof Error) io.err(`caused by ${error.cause.stack ?? ''}\n`)
  }
  return exitCode
}

/** A mistake in a definition for programs. `line` and `column` begin with 1. */
function mistakeJson({ severity, summary, range, path, hint }: Diagnostic, conceal: (text: string) => string) {
  const begin = range?.begin
  return {
    severity,
    summary: conceal(summary),
    ...(range === undefined ? {} : { environment: range.environment, line: begin?.line, column: begin?.column }),
    ...(path === '' ? {} : { path }),
    ...(hint === undefined ? {} : { hint: conceal(worded(hint)) }),
  }
}

/** For after diagnostics have been printed: the definition was not saved. */
export function refused(environment: string, diagnostics: readonly Diagnostic[]): ReportedError {
  const message = `the definition of ${environment} has errors; it was not saved`
  return new ReportedError('invalid_definition', message, diagnostics)
}
