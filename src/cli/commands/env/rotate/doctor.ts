import {
  parseRotatorPath,
  type RotateOptions,
  type RotationReport,
  refuseVersion,
  rotateEnvironment,
} from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { examinedText } from '../../../framework/examined-text.ts'
import { EXIT } from '../../../framework/report-error.ts'
import { openTarget } from '../../../framework/session.ts'
import { diagnosticLines, hasColour, worded } from '../../../terminal/index.ts'

const flags = { ...OUTPUT_FLAG }

export default class EnvRotateDoctor extends EscCommand<RotationReport, typeof flags> {
  static override id = 'env:rotate:doctor'
  static override busy = 'logging in'
  static override summary = 'Test every rotated credential by logging in with it.'
  static override description =
    `Logs in with the current and the previous credential of every rotator, and lists credentials at the vendor that esc does not manage.
Changes nothing. The exit code is 1 when a credential does not work.`
  static override examples = [
    { description: 'Examine all rotators of an environment', command: 'esc env rotate doctor rotators/ci' },
    { description: 'Examine one of them', command: 'esc env rotate doctor rotators/ci deploy.token' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment', required: true },
    paths: { description: 'paths of the rotators, below values (default: all)', multiple: true },
  }
  static override count = { kind: 'any' } as const

  async run(): Promise<RotationReport> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'doctor')
    const interrupt = new AbortController()
    const stop = this.io.onInterrupt(() => interrupt.abort())
    try {
      const input: RotateOptions = { paths: rest.map(parseRotatorPath), mode: 'doctor', onProgress: () => {} }
      const { signal } = interrupt
      const { result: report } = await session.perform(rotateEnvironment, reference, input, { signal })
      if (this.flags.output === 'text') this.#explain(report)
      return report
    } finally {
      stop()
    }
  }

  #explain(report: RotationReport): void {
    this.io.err(diagnosticLines(report.diagnostics, hasColour(this.io, 'stderr')))
    for (const { path, hint } of report.paths) if (hint !== undefined) this.io.err(`hint: ${path}: ${worded(hint)}\n`)
    for (const warning of report.warnings) this.io.err(`warning: ${worded(warning)}\n`)
  }

  text(report: RotationReport): string {
    return report.paths.map(examinedText).join('')
  }

  override json({ diagnostics, paths, status, warnings }: RotationReport): unknown {
    return { status, paths, warnings, diagnostics }
  }

  override exitCode({ status }: RotationReport): number {
    return status === 'succeeded' ? EXIT.done : EXIT.failed
  }
}
