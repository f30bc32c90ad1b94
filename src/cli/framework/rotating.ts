import {
  type EnvironmentReference,
  type RotateOptions,
  type RotationReport,
  rotateEnvironment,
  type Session,
} from '../../operations/index.ts'
import { askYesNo, diagnosticLines, hasColour, type ProgressBlock, worded } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { EXIT } from './report-error.ts'
import { newRevisionLine } from './saved-text.ts'

/** The outcome of a rotation that a person has asked for. */
export interface RequestedRotation {
  /** The environment as the person named it. */
  readonly typed: string
  readonly mode: RotateOptions['mode']
  readonly report: RotationReport
  readonly interrupted: boolean
}

interface RotationRun {
  readonly session: Session
  readonly reference: EnvironmentReference
  readonly typed: string
  /** The terminal, without the progress. */
  readonly io: Host
  readonly progress: ProgressBlock
  /** True when hints, notes and diagnostics are printed to standard error. */
  readonly explains: boolean
}

/**
 * Rotates with a line of progress for each path. The first Ctrl-C ends it after the steps in
 * flight, the second at once.
 */
export async function runRotation(
  run: RotationRun,
  input: Omit<RotateOptions, 'onProgress'>,
): Promise<RequestedRotation> {
  const { session, reference, typed, progress } = run
  const io = progress.above(run.io)
  const interrupt = new AbortController()
  const stop = run.io.onInterrupt((signal) => {
    if (interrupt.signal.aborted) run.io.exit(EXIT.interrupted)
    io.err(
      `${progress.isDrawn ? '' : '\n'}${signal === 'SIGINT' ? 'Interrupted' : `Received ${signal}`}: finishing the step in flight, nothing more is begun. Again to stop at once.\n`,
    )
    interrupt.abort()
  })
  const onProgress: RotateOptions['onProgress'] = ({ path, phase, text }) =>
    progress.update({
      label: path,
      text: text === undefined ? phase : phase === 'failed' ? text : `${phase}: ${text}`,
      state: phase === 'rotated' ? 'succeeded' : phase === 'failed' ? 'failed' : 'running',
    })
  try {
    const options = { signal: interrupt.signal, confirm: (question: string) => askYesNo(io, question) }
    const { result: report } = await session.perform(rotateEnvironment, reference, { ...input, onProgress }, options)
    const outcome = { typed, mode: input.mode, report, interrupted: interrupt.signal.aborted }
    if (run.explains) explain(outcome, run.io)
    return outcome
  } finally {
    progress.end()
    stop()
  }
}

/** Prints what is no result: hints, notes, diagnostics. */
function explain({ typed, report, interrupted }: RequestedRotation, io: Host): void {
  // What a path failed of stands in the result already.
  const others = report.diagnostics.filter((each) => !report.quoted.includes(each))
  io.err(diagnosticLines(others, hasColour(io, 'stderr')))
  for (const path of report.paths) {
    for (const note of path.notes) io.err(`${path.path}: ${worded(note)}\n`)
    if (path.hint !== undefined) io.err(`hint: ${path.path}: ${worded(path.hint)}\n`)
  }
  // A run of which nothing is recorded has nothing to be retried.
  if (report.status !== 'succeeded' && report.event !== undefined && !interrupted && !io.env.ESC_NO_HINTS) {
    io.err(`hint: "esc env rotate ${typed} --failed" tries again just what failed\n`)
  }
  for (const warning of report.warnings) io.err(`warning: ${worded(warning)}\n`)
  if (interrupted && report.status !== 'succeeded') {
    const retry = report.event === undefined ? `esc env rotate ${typed}` : `esc env rotate ${typed} --failed`
    io.err(
      `Interrupted. What succeeded is saved; "${retry}" finishes or undoes what was begun, and rotates the rest.\n`,
    )
  } else if (interrupted) {
    io.err('Interrupted when everything was done already.\n')
  }
}

/** Tells people how a rotation went. */
export function rotationText({ typed, mode, report }: RequestedRotation): string {
  if (mode === 'plan') return planText(typed, report)
  if (mode === 'adopt') {
    if (report.revision !== undefined) return `Credential adopted.\n${newRevisionLine(report.revision)}`
    return report.paths.map(({ path, error }) => `Credential not adopted.\nPath: ${path}, error: ${error}\n`).join('')
  }
  if (report.paths.length === 0 && report.warnings.length === 0) {
    if (mode === 'resume') return `Nothing to resume in '${typed}'.\n`
    if (mode === 'failed') return `No path of '${typed}' failed last time.\n`
  }
  return rotatedText(typed, report)
}

/** The exit code of a rotation: 3 when some of its paths failed. */
export function rotationExitCode({ report, interrupted }: RequestedRotation): number {
  if (interrupted && report.status !== 'succeeded') return EXIT.interrupted
  return report.status === 'succeeded' ? EXIT.done : report.status === 'partial' ? EXIT.rotatedInPart : EXIT.failed
}

function rotatedText(typed: string, report: RotationReport): string {
  const failed = report.paths.filter((path) => path.status !== 'succeeded')
  let text = `Environment '${typed}' rotated${report.status === 'succeeded' ? '' : ' with errors'}.\n`
  if (report.revision !== undefined) text += newRevisionLine(report.revision)
  if (failed.length > 0) {
    text += '\nFailed secrets:\n'
    for (const { path, error } of failed) text += `Path: ${path}, error: ${error}\n`
  }
  return text
}

function planText(typed: string, report: RotationReport): string {
  let text = `Rotating '${typed}' would do this (nothing was changed):\n`
  for (const { path, rotator, status, steps, error } of report.paths) {
    text += `\n${path} (${rotator})\n`
    if (status !== 'succeeded') text += `  error: ${error}\n`
    for (const { action, what } of steps ?? []) text += `  ${action} ${what}\n`
  }
  return text
}
