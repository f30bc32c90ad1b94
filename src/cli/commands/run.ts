import { childEnvironment } from '../../child-environment.ts'
import { EscError } from '../../errors.ts'
import {
  checkVariables,
  createFiles,
  type EnvironmentReference,
  type FilledArgument,
  findProgram,
  findSelection,
  findUnexecutable,
  hiddenTexts,
  interpolateArgument,
  type OpenedEnvironment,
  openEnvironment,
  requireKnown,
  unknownVariables,
  variablesOf,
} from '../../operations/index.ts'
import { EscCommand } from '../framework/command.ts'
import { DRAFT_TO_READ_FLAG, readingDraft } from '../framework/draft.ts'
import { boolean, LIFETIME_FLAG } from '../framework/flags.ts'
import { EXIT, ExitError } from '../framework/report-error.ts'
import { notStarted, showDiagnostics } from '../framework/run-problems.ts'
import { openTarget, sessionRequest, sweepPlaintext, type Target, temporaryPlace } from '../framework/session.ts'
import { ALLOW_VARIABLE_FLAG, UNKNOWN_FLAGS } from '../framework/shared-flags.ts'
import { catchSignals, type PreparedProgram, runProgram } from '../terminal/index.ts'

const flags = {
  interactive: boolean({
    description: 'give the program the terminal as it is; secrets in its output are not hidden',
    char: 'i',
  }),
  watch: boolean({
    description: 'start the program again when there is a newer revision of the environment, or of one that it imports',
    char: 'w',
  }),
  'no-pty': boolean({
    description: 'at a terminal, give the program pipes instead of a terminal of its own',
  }),
  'keep-esc-keys': boolean({
    description: 'hand the command also keys to environments, such as ESC_KEY, which it does not get otherwise',
  }),
  ...LIFETIME_FLAG,
  ...ALLOW_VARIABLE_FLAG,
  ...UNKNOWN_FLAGS,
  ...DRAFT_TO_READ_FLAG,
}

/** A program to run. */
interface Command {
  /** Absolute path. */
  readonly file: string
  /** As it was typed. */
  readonly name: string
  readonly args: readonly string[]
  readonly reference: EnvironmentReference
}

/** The exit code of the program. */
export default class Run extends EscCommand<number, typeof flags> {
  readonly #warned = new Set<string>()

  static override id = 'run'
  static override busy = 'opening'
  static override summary = 'Run a command with the values of an environment as variables.'
  static override description =
    `Opens an environment and runs a command with its environmentVariables. Its files are written to temporary files, whose paths are in
variables. \${path} in an argument is replaced by the value at that path, or stays if there is none. Secrets in the output of the command show as [secret].
The command does not get variables with keys to environments, such as ESC_KEY and VAULT_TOKEN; it does get cloud logins.
The exit code is that of the command, and signals are passed on to it. Flags of esc go before the command.`
  static override examples = [
    {
      description: 'Run a script with the variables of an environment',
      command: 'esc run app/dev -- ./deploy.sh --fast',
    },
    {
      description: 'Use a value in an argument',
      command: "esc run app/dev -- curl -H 'Authorization: Bearer ${api.token}' https://example.com",
    },
    {
      description: 'The same, started again whenever a value changes',
      command: 'esc run --watch app/dev -- ./deploy.sh',
    },
    { description: 'An interactive program', command: 'esc run app/dev psql' },
  ]
  static override flags = flags
  static override args = {
    environment: { description: 'the environment, with @ and a version if you like', required: true },
    command: { description: 'the command and its arguments', required: true, multiple: true },
  }
  static override usesSelected = false
  static override count = { kind: 'any' } as const
  static override stopAfter = (found: ReadonlyMap<string, unknown>) => (found.has('env') ? 1 : 2)

  async run(): Promise<number> {
    const unnamed = this.flags.env === undefined && (this.beforeDashes === 0 || this.positionals.length === 0)
    const env = unnamed ? this.#selected() : this.flags.env
    if (unnamed && env === undefined) {
      throw new EscError('usage', 'no environment specified', {
        hint: 'name it first: esc run <environment> -- <command>, or choose one with "esc select"',
      })
    }
    const target = openTarget(this.io, { ...this.flags, env }, this.positionals)
    const { reference } = target
    const [name, ...args] = target.rest
    if (name === undefined) {
      throw new EscError('usage', 'no command specified', { hint: 'put it last: esc run <environment> -- <command>' })
    }
    if (this.flags.watch && this.flags.draft !== undefined) {
      throw new EscError('usage', '--watch and --draft exclude each other', { hint: 'a draft is watched nowhere' })
    }
    const command = { file: this.#find(name), name, args, reference }
    this.#warnOfNesting()
    if (this.flags.watch) {
      const { watchAndRun } = await import('../framework/run-watched.ts')
      return await watchAndRun(target, this.io, async (opened, secrets) => {
        await this.#check(target, opened, command)
        return this.#prepare(command, opened, secrets)
      })
    }
    const { result: opened } = await readingDraft(target, this.flags.draft, (draft) =>
      draft.session.perform(openEnvironment, draft.reference),
    )
    showDiagnostics(opened, reference.typed, this.io)
    await this.#check(target, opened, command)
    // From here on a signal must not end us before the files are removed.
    const signals = catchSignals(this.io)
    let prepared: PreparedProgram | undefined
    try {
      prepared = this.#prepare(command, opened, new Set())
      return await runProgram(prepared.program, this.io, signals)
    } catch (error) {
      throw notStarted(error)
    } finally {
      prepared?.release()
      signals.release()
    }
  }

  /**
   * Refuses what would harm the command, or would be no value to it, before
   * anything is written for it.
   */
  async #check({ session, reference }: Target, opened: OpenedEnvironment, { args }: Command): Promise<void> {
    const { properties = {} } = opened
    const environment = reference.typed
    const allowed = this.flags['allow-variable']
    await session.perform(checkVariables, reference, { properties, allowed, inShell: false })
    const filled = args.map((argument) => interpolateArgument(properties, argument, new Set()))
    this.#warnOfMissing(environment, properties, filled)
    const notText = filled.flatMap((each) => each.notText)[0]
    if (notText !== undefined)
      throw new EscError(
        'not_text',
        `${environment}: ${notText} holds bytes that are not UTF-8, which no argument of a command can hold`,
        {
          hint: 'put the value below files and pass the path in the variable of that name, or use fn::toBase64',
        },
      )
    const paths = [...unknownVariables(properties), ...filled.flatMap(({ unknown }) => unknown)]
    const allow = this.flags['allow-unknown']
    await session.perform(requireKnown, reference, { paths, used: opened.used, allow })
  }

  /** References to nothing. Those that are plainly for a shell are none of ours. */
  #warnOfMissing(
    environment: string,
    properties: NonNullable<OpenedEnvironment['properties']>,
    filled: readonly FilledArgument[],
  ): void {
    const variables = new Set(variablesOf(properties, 'environmentVariables', { redact: true }).map(({ name }) => name))
    for (const { reference, name, instead } of filled.flatMap(({ missing }) => missing)) {
      const forShell =
        this.io.env[name] !== undefined || variables.has(name) || /^\$\{[!#]|^\$\{\w+[^\w.[}]/.test(reference)
      if (forShell || this.#warned.has(reference)) continue
      this.#warned.add(reference)
      const problem = `${environment} has no value at ${reference}, which stays as it is`
      if (this.flags.strict)
        throw new EscError('not_found', `${environment} has no value at ${reference}`, { hint: instead })
      this.io.err(`warning: ${problem}; ${instead}\n`)
    }
  }

  /**
   * Prepares the program that runs in an environment. Its secrets are added to those that are
   * hidden anyway.
   */
  #prepare({ file, name, args, reference }: Command, opened: OpenedEnvironment, secrets: Set<string>): PreparedProgram {
    const { properties = {}, revision } = opened
    for (const secret of hiddenTexts(properties, this.io.env)) secrets.add(secret)
    const filled = args.map((argument) => interpolateArgument(properties, argument, secrets).text)
    const files = createFiles(properties, { ...temporaryPlace(this.io), ours: true })
    // It costs a look at the temporary folder, which most commands are spared.
    if (files.variables.length > 0) sweepPlaintext(this.io)
    const add: Record<string, string> = Object.create(null)
    add.ESC_ENVIRONMENT = reference.name
    add.ESC_REVISION = String(revision)
    const variables = variablesOf(properties, 'environmentVariables', { redact: false })
    for (const { name, value } of [...variables, ...files.variables]) add[name] = value
    const env = childEnvironment(this.io.env, { keepKeys: this.flags['keep-esc-keys'], add })
    const hidden = this.flags.interactive ? undefined : [...secrets]
    return {
      program: { file, name, args: filled, env, secrets: hidden, pty: !this.flags['no-pty'] },
      release: () => files.remove(),
    }
  }

  #find(name: string): string {
    const file = findProgram(name, this.io.env.PATH, this.io.cwd)
    if (file !== undefined) return file
    const unexecutable = findUnexecutable(name, this.io.env.PATH, this.io.cwd)
    if (unexecutable !== undefined) {
      throw new ExitError(EXIT.notExecutable, 'invalid_input', `resolving command: ${unexecutable} is not executable`, {
        hint: `make it executable: chmod +x ${unexecutable}`,
      })
    }
    throw new ExitError(EXIT.notFound, 'invalid_input', 'resolving command: command not found', {
      hint: name.includes('/') ? `there is no file ${name}` : `${JSON.stringify(name)} is in no folder of PATH`,
    })
  }

  #warnOfNesting(): void {
    const { ESC_ENVIRONMENT: outer, ESC_REVISION: revision } = this.io.env
    if (!outer) return
    this.io.err(
      `warning: this is inside "esc run ${outer}"${revision ? ` (revision ${revision})` : ''}: its variables reach the command too\n`,
    )
  }

  /** The environment that was selected on this machine, if there is a store at all. */
  #selected(): string | undefined {
    return findSelection(sessionRequest(this.io, this.flags), undefined)?.selected
  }

  text(): undefined {}

  override exitCode(code: number): number {
    return code
  }
}
