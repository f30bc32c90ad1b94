import { EscError } from '../../errors.ts'
import {
  checkVariables,
  createFiles,
  evaluationLimits,
  expandReferences,
  FORMATS,
  type Format,
  findValue,
  misreadVariables,
  namesSeveral,
  type OpenedEnvironment,
  openEnvironment,
  parsePath,
  renderValue,
  requireKnown,
  requireVariableTexts,
  unknownFormat,
  unknownPaths,
  unknownVariables,
} from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { DRAFT_TO_READ_FLAG, readingDraft } from '../framework/draft.ts'
import { choice, LIFETIME_FLAG } from '../framework/flags.ts'
import { ReportedError } from '../framework/report-error.ts'
import { openSession, openTarget, type Target, temporaryPlace } from '../framework/session.ts'
import { type EnvironmentPart, joinJson, joinText } from '../framework/several-text.ts'
import { ALLOW_VARIABLE_FLAG, UNKNOWN_FLAGS } from '../framework/shared-flags.ts'
import { diagnosticLines, hasColour } from '../terminal/index.ts'

const flags = {
  format: choice({
    description: 'output format; eval "$(esc open … --format posix)" sets the variables of a shell',
    char: 'f',
    options: FORMATS,
    default: 'json',
    refuse: (word) => unknownFormat(word).message,
  }),
  ...LIFETIME_FLAG,
  ...ALLOW_VARIABLE_FLAG,
  ...UNKNOWN_FLAGS,
  ...DRAFT_TO_READ_FLAG,
  ...OUTPUT_FLAG,
}

/**
 * Programs take every text for a value; people and readers of JSON see that `[unknown]` is none.
 */
function isForPrograms(format: Format): boolean {
  return format !== 'json' && format !== 'yaml' && format !== 'detailed'
}

export default class Open extends EscCommand<string, typeof flags> {
  static override id = 'open'
  static override busy = 'opening'
  static override summary = 'Print the values of an environment, with secrets decrypted.'
  static override description =
    `Decrypts the secrets of an environment, calls its providers and prints the values in the clear. With a path, prints only the value there.
The formats dotenv, shell and posix print environmentVariables, and files as paths of temporary files. In json, yaml and detailed, values
that are not known show as [unknown]; the other formats fail. To look without secrets, use "esc env get".`
  static override examples = [
    { description: 'Everything, as JSON', command: 'esc open rotators/ci' },
    { description: 'One value, as it is', command: 'esc open rotators/ci admin.current --format string' },
    { description: 'An earlier revision', command: 'esc open rotators/ci@2 --format yaml' },
    { description: 'One value of every environment of a project', command: "esc open 'app/*' region" },
    { description: 'Set variables in this shell', command: 'eval "$(esc open app/dev --format posix)"' },
  ]
  static override flags = flags
  static override args = {
    environment: {
      description: 'the environment, with @ and a version if you like; several as app/* or app/dev,app/prod',
      required: true,
    },
    path: { description: 'path of one value' },
  }
  static override count = { kind: 'atMost', count: 2 } as const

  async run(): Promise<string> {
    const { format, output } = this.flags
    if (output === 'json' && format !== 'json' && format !== 'detailed') {
      throw new EscError('usage', `--output json and --format ${format} exclude each other`, {
        hint: 'give one of them',
      })
    }
    const typed = this.flags.env ?? this.positionals[0] ?? ''
    if (!namesSeveral(typed)) {
      const target = openTarget(this.io, this.flags, this.positionals)
      return readingDraft(target, this.flags.draft, (draft) => this.#open(draft))
    }
    const rest = this.positionals.slice(this.flags.env === undefined ? 1 : 0)
    const parts: EnvironmentPart[] = []
    const { result: names } = await openSession(this.io, this.flags).perform(expandReferences, undefined, typed)
    for (const name of names) {
      const target = openTarget(this.io, { ...this.flags, env: name }, rest)
      parts.push({ name, text: await this.#open(target) })
    }
    const isJson = this.flags.format === 'json' || this.flags.format === 'detailed'
    return isJson ? joinJson(parts) : joinText(parts)
  }

  async #open({ session, reference, rest }: Target): Promise<string> {
    const format: Format = this.flags.format
    const path =
      rest[0] === undefined ? undefined : parsePath(rest[0], (reason) => `invalid property path ${rest[0]}: ${reason}`)
    const variables = format === 'dotenv' || format === 'shell' || format === 'posix'
    if (variables && path !== undefined && path.length > 0) {
      throw new EscError('usage', `output format '${format}' may not be used with a property path`, {
        hint: 'use --format string for one value',
      })
    }
    const { result: opened } = await session.perform(openEnvironment, reference)
    const { properties, partial, diagnostics } = opened
    if (diagnostics.length > 0) this.io.err(diagnosticLines(diagnostics, hasColour(this.io, 'stderr')))
    if (partial !== undefined) {
      await this.#showPartial(partial, path)
      throw new ReportedError('provider_failed', `calls of providers in ${reference.typed} failed`, diagnostics)
    }
    if (diagnostics.some(({ severity }) => severity === 'error')) {
      throw new ReportedError('invalid_definition', `the definition of ${reference.typed} has errors`, diagnostics)
    }
    if (properties === undefined) return ''
    if (variables) {
      const allowed = this.flags['allow-variable']
      await session.perform(checkVariables, reference, { properties, allowed, inShell: true })
    }
    const found = findValue(properties, path ?? [])
    if (found.kind === 'missing') this.#reportMissing(`${reference.typed} has no value at ${rest[0]}`, found.instead)
    const unknown = !isForPrograms(format)
      ? []
      : variables
        ? unknownVariables(properties)
        : found.kind === 'value'
          ? unknownPaths(found.value, path ?? [])
          : []
    const allow = this.flags['allow-unknown']
    await session.perform(requireKnown, reference, { paths: unknown, used: opened.used, allow })
    // Before files are written that would be left behind.
    if (variables) requireVariableTexts(properties, format, { redact: false })
    const misread = format === 'dotenv' ? misreadVariables(properties, { redact: false }) : []
    for (const each of misread) this.io.err(`warning: ${each}\n`)
    const files = variables ? createFiles(properties, temporaryPlace(this.io)).variables : []
    const limits = evaluationLimits(this.io.env)
    const value = found.kind === 'value' ? found.value : undefined
    return renderValue(properties, { format, path, value, redact: false, files, limits })
  }

  /**
   * Shows what is known although calls of providers failed, to people and readers of JSON. Programs
   * get one value that is known, and no set of variables with some missing.
   */
  async #showPartial(
    partial: NonNullable<OpenedEnvironment['partial']>,
    path: ReturnType<typeof parsePath> | undefined,
  ) {
    const format: Format = this.flags.format
    const found = findValue(partial, path ?? [])
    // One JSON value is printed, and that is the error.
    if (found.kind === 'missing' || this.flags.output === 'json') return
    const isWhole = unknownPaths(found.value, path ?? []).length === 0
    if (isForPrograms(format) && !(format === 'string' && path !== undefined && isWhole)) return
    const limits = evaluationLimits(this.io.env)
    const request = { format, path, value: found.value, redact: false, files: [], limits }
    this.io.out(Buffer.from(await renderValue(partial, request)))
  }

  #reportMissing(problem: string, instead: string): void {
    if (this.flags.strict) throw new EscError('not_found', problem, { hint: instead })
    this.io.err(`warning: ${problem}; ${instead}\n`)
  }

  override get printsValues(): boolean {
    return true
  }

  override get printsJson(): boolean {
    return true
  }

  text(rendered: string): string {
    return rendered
  }
}
