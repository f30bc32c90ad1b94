import { EscError } from '../../../errors.ts'
import { type RotateOptions, type RotationReport, refuseVersion, rotateEnvironment } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { readText } from '../../framework/definition-input.ts'
import { boolean, text } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openTarget } from '../../framework/session.ts'
import { askYesNo, diagnosticLines, hasColour, ProgressBlock } from '../../terminal/index.ts'

const flags = {
  failed: boolean({ description: 'retry the paths that failed last time, and only those' }),
  resume: boolean({ description: 'only finish what an interrupted rotation left behind' }),
  plan: boolean({ description: 'say what would be done; change nothing' }),
  force: boolean({
    description: 'rotate although it was done a moment ago; with --resume, give up rotations whose history is lost',
  }),
  yes: boolean({ description: 'the same as --force', char: 'y' }),
  adopt: text({
    description:
      'take a credential made by hand into the state at the path: JSON from a file, or from standard input with -',
    value: 'file',
  }),
  ...OUTPUT_FLAG,
}

interface Result {
  readonly typed: string
  readonly mode: 'rotate' | 'failed' | 'resume' | 'plan' | 'adopt'
  readonly report: RotationReport
  readonly interrupted: boolean
}

export default class EnvRotate extends EscCommand<Result, typeof flags> {
  static override id = 'env:rotate'
  static override summary = 'Rotate secrets in an environment'
  static override description =
    `Rotates the credentials of an environment: all of them, or those at the paths given. Each gets a new credential, which is
proved to work before it is saved; the one before stays valid until the next rotation. All that succeed become one new revision.

If some paths fail, the others are saved all the same, the failed ones are named and the exit code is 3; --failed retries just
those. After a crash or Ctrl-C, the next rotation (or --resume) finishes what was begun.

Two rotations in a row would end the credential that was current before the first of them, while it may still be in use: within ten
minutes (rotationGuard in the environment's settings.yaml) that needs a yes, or --force.`
  static override examples = [
    { description: 'Rotate everything in an environment', command: 'esc env rotate rotators/ci' },
    { description: 'Rotate one credential', command: 'esc env rotate rotators/ci database.user' },
    { description: 'See what would happen', command: 'esc env rotate rotators/ci --plan' },
    {
      description: 'Take an access key that was made by hand into the state, so that rotation goes on with it',
      command: 'esc env rotate rotators/ci aws.user --adopt key.json',
    },
    { description: 'Retry what failed', command: 'esc env rotate rotators/ci --failed' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment', required: true },
    paths: { description: 'paths of the rotators to rotate, below values (default: all)', multiple: true },
  }
  static override count = { kind: 'any' } as const

  async run(): Promise<Result> {
    const progress = new ProgressBlock(this.io)
    const io = progress.above(this.io)
    const { session, reference, rest } = openTarget(io, this.flags, this.positionals)
    const { failed, resume, plan, force, yes, adopt } = this.flags
    refuseVersion(reference, 'rotate')
    const modes = [failed && '--failed', resume && '--resume', plan && '--plan', adopt && '--adopt'].filter(Boolean)
    if (modes.length > 1)
      throw new EscError('usage', `${modes.join(' and ')} exclude each other`, { hint: 'give one of them' })
    if (rest.length > 0 && (failed || resume)) {
      throw new EscError('usage', `${modes[0]} chooses the paths itself`, { hint: `leave out ${rest.join(' ')}` })
    }
    if (adopt !== undefined && rest.length !== 1) {
      throw new EscError('usage', '--adopt takes one path', { hint: 'name the rotator whose credential it is' })
    }
    const mode = failed ? 'failed' : resume ? 'resume' : plan ? 'plan' : adopt === undefined ? 'rotate' : 'adopt'
    const words = { file: 'could not read file', stdin: 'could not read from stdin' }
    const credential = adopt === undefined ? {} : { credential: await readText(this.io, adopt, words) }
    const interrupt = new AbortController()
    const stop = this.io.onInterrupt((signal) => {
      if (interrupt.signal.aborted) this.io.exit(EXIT.interrupted)
      io.err(
        `${progress.isDrawn ? '' : '\n'}${signal === 'SIGINT' ? 'Interrupted' : `Received ${signal}`}: finishing the step in flight, nothing more is begun. Again to stop at once.\n`,
      )
      interrupt.abort()
    })
    try {
      const input: RotateOptions = {
        paths: rest,
        mode,
        force: force || yes,
        ...credential,
        onProgress: ({ path, phase, text }) =>
          progress.update({
            label: path,
            text: text === undefined ? phase : phase === 'failed' ? text : `${phase}: ${text}`,
            state: phase === 'rotated' ? 'succeeded' : phase === 'failed' ? 'failed' : 'running',
          }),
      }
      const { signal } = interrupt
      const confirm = (question: string) => askYesNo(io, question)
      const { result: report } = await session.perform(rotateEnvironment, reference, input, { signal, confirm })
      const typed = this.flags.env ?? (this.positionals[0] as string)
      if (this.flags.output === 'text') this.#explain(report, interrupt.signal.aborted)
      return { typed, mode, report, interrupted: interrupt.signal.aborted }
    } finally {
      progress.end()
      stop()
    }
  }

  /** What is no result: hints, notes, diagnostics. */
  #explain(report: RotationReport, interrupted: boolean): void {
    // What a path failed of stands in the result already.
    const told = (summary: string) => summary === '' || report.paths.some(({ error }) => error?.includes(summary))
    const others = report.diagnostics.filter(({ summary }) => !told(summary.replace(/^rotate: /, '')))
    this.io.err(diagnosticLines(others, hasColour(this.io, 'stderr')))
    for (const path of report.paths) {
      for (const note of path.notes) this.io.err(`${path.path}: ${note}\n`)
      if (path.hint !== undefined) this.io.err(`hint: ${path.path}: ${path.hint}\n`)
    }
    // A run of which nothing is recorded has nothing to be retried.
    if (report.status !== 'succeeded' && report.event !== undefined && !interrupted && !this.io.env.ESC_NO_HINTS) {
      const name = this.flags.env ?? this.positionals[0]
      this.io.err(`hint: "esc env rotate ${name} --failed" tries again just what failed\n`)
    }
    for (const warning of report.warnings) this.io.err(`warning: ${warning}\n`)
    if (interrupted && report.status !== 'succeeded') {
      const name = this.flags.env ?? this.positionals[0]
      const retry = report.event === undefined ? `esc env rotate ${name}` : `esc env rotate ${name} --failed`
      this.io.err(
        `Interrupted. What succeeded is saved; "${retry}" finishes or undoes what was begun, and rotates the rest.\n`,
      )
    } else if (interrupted) {
      this.io.err('Interrupted when everything was done already.\n')
    }
  }

  text({ typed, mode, report }: Result): string {
    if (mode === 'plan') return planText(typed, report)
    if (mode === 'adopt') {
      if (report.revision !== undefined) return `Credential adopted.\nNew revision '${report.revision}' was created.\n`
      return report.paths.map(({ path, error }) => `Credential not adopted.\nPath: ${path}, error: ${error}\n`).join('')
    }
    if (report.paths.length === 0 && report.warnings.length === 0) {
      if (mode === 'resume') return `Nothing to resume in '${typed}'.\n`
      if (mode === 'failed') return `No path of '${typed}' failed last time.\n`
    }
    return rotationText(typed, report)
  }

  /** With the members that the hosted service answers a rotation with. */
  override json({ report: { event, ...report } }: Result): unknown {
    return { ...(event && { id: event.id, secretRotationEvent: event }), ...report }
  }

  override exitCode({ report, interrupted }: Result): number {
    if (interrupted && report.status !== 'succeeded') return EXIT.interrupted
    return report.status === 'succeeded' ? EXIT.done : report.status === 'partial' ? EXIT.rotatedInPart : EXIT.failed
  }
}

function rotationText(typed: string, report: RotationReport): string {
  const failed = report.paths.filter((path) => path.status !== 'succeeded')
  let text = `Environment '${typed}' rotated${report.status === 'succeeded' ? '' : ' with errors'}.\n`
  if (report.revision !== undefined) text += `New revision '${report.revision}' was created.\n`
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
