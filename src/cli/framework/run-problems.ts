import { EscError } from '../../errors.ts'
import type { OpenedEnvironment } from '../../operations/index.ts'
import { diagnosticLines, hasColour } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { EXIT, ExitError, ReportedError } from './report-error.ts'

/**
 * Prints the diagnostics of an environment in which something is to be run.
 * Throws when it has errors.
 */
export function showDiagnostics({ diagnostics }: OpenedEnvironment, typed: string, io: Host): void {
  if (diagnostics.length > 0) io.err(diagnosticLines(diagnostics, hasColour(io, 'stderr')))
  if (diagnostics.some(({ severity }) => severity === 'error')) {
    throw new ReportedError('invalid_definition', `the definition of ${typed} has errors`)
  }
}

/** The operating system's reasons for not starting a program have exit codes of their own. */
export function notStarted(error: unknown): unknown {
  if (!(error instanceof EscError) || !(error.cause instanceof Error)) return error
  const { code, syscall } = error.cause as NodeJS.ErrnoException
  if (!syscall?.startsWith('spawn')) return error
  return new ExitError(code === 'ENOENT' ? EXIT.notFound : EXIT.notExecutable, error.code, error.message, {
    hint: error.hint ?? (code === 'ENOENT' ? NO_INTERPRETER : 'see whether it starts without esc'),
    cause: error.cause,
  })
}

const NO_INTERPRETER = 'the program that its first line (#!) names is missing'
