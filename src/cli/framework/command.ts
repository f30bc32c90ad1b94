import { EscError } from '../../errors.ts'
import type { Flags, FlagValues } from './flags.ts'
import { boolean, choice, maybe, text } from './flags.ts'
import type { Host } from './host.ts'
import { parseArguments } from './parse-arguments.ts'

/** A positional argument as help shows it. How many there may be is said by `static count`. */
export interface Argument {
  readonly description: string
  readonly required?: boolean
  readonly multiple?: boolean
  /**
   * It may hold a secret: no message repeats it. A word that begins with a dash and is
   * no flag is taken for it.
   */
  readonly holdsValue?: boolean
}

/** The number of positionals of a command. */
export type Count =
  | { readonly kind: 'none' | 'any' }
  | { readonly kind: 'exactly' | 'atMost' | 'atLeast'; readonly count: number }
  | { readonly kind: 'between'; readonly least: number; readonly most: number }

export interface Example {
  readonly description: string
  readonly command: string
}

/** Flags every command has. */
export const GLOBAL_FLAGS = {
  store: text({
    description:
      'folder of the store (default: $ESC_STORE, else the environments/ folder or store found here or above)',
    value: 'folder',
    helpGroup: 'GLOBAL',
  }),
}

/** Flags of every command under `esc env`. */
export const ENV_FLAGS = {
  ...GLOBAL_FLAGS,
  env: text({
    description: 'the environment to work with, instead of the first argument',
    value: 'environment',
    helpGroup: 'GLOBAL',
  }),
}

/** Flags of every command under `esc config` that takes no environment as an argument. */
export const CONFIG_FLAGS = {
  ...GLOBAL_FLAGS,
  env: text({
    description: 'the environment to work with (default: the one of esc select)',
    value: 'environment',
    helpGroup: 'GLOBAL',
  }),
}

/** `undefined` when it is as `git: {commit}` in the store's `esc.yaml` says. */
export const COMMIT_FLAG = {
  commit: maybe(
    boolean({
      description: 'commit the change to git (default: what git.commit in esc.yaml says, else no)',
      helpGroup: 'GLOBAL',
    }),
  ),
}

/** Flags of every command under `esc env` that changes the store. */
export const WRITE_FLAGS = { ...ENV_FLAGS, ...COMMIT_FLAG }

/** Those of `esc config` that change the store. */
export const CONFIG_WRITE_FLAGS = { ...CONFIG_FLAGS, ...COMMIT_FLAG }

/** `--output text|json`, for the commands that list it. */
export const OUTPUT_FLAG = {
  output: choice({
    description: 'output format: text, or json for scripts',
    options: ['text', 'json'],
    default: 'text',
    alsoAccepted: { '': 'text' },
    refuse: (word) => `invalid --output ${JSON.stringify(word)}: must be "text" or "json"`,
  }),
}

/** `--json` and `--output json` ask for the same. */
export const JSON_FLAGS = { ...OUTPUT_FLAG, json: boolean({ description: 'the same as --output json' }) }

/** A command line after parsing, typed by the flags the command declares. */
export interface Input<F extends Flags> {
  readonly flags: FlagValues<F> & Partial<FlagValues<typeof WRITE_FLAGS>>
  readonly positionals: readonly string[]
  /** The number of positionals that stood before `--`; undefined when there was no `--`. */
  readonly beforeDashes: number | undefined
}

/**
 * One command of `esc`: its path is its id. `run` returns typed data and prints nothing; `text`
 * says how that data looks to people, `json` how it looks to programs. The statics are those of an
 * oclif command class, so that oclif can list, document and load it; it does not extend oclif's own
 * class because loading that alone takes longer than most commands (docs/cli.md, "Start-up").
 */
export abstract class EscCommand<Result = unknown, F extends Flags = Flags> {
  static id = ''
  static summary = ''
  static description = ''
  static examples: readonly Example[] = []
  static hidden = false
  /**
   * A word on what it is doing, for a person who waits: `Opening the environment`. Undefined: it is
   * quick, or says so itself.
   */
  static busy: string | undefined = undefined
  /** Text that does not fit on the terminal is shown through the pager (`PAGER_FLAG`). */
  static paged = false
  static flags: Flags = {}
  static baseFlags: Flags = GLOBAL_FLAGS
  static args: Readonly<Record<string, Argument>> = {}
  static count: Count = { kind: 'none' }
  /**
   * It works with the environment of `esc select` when it is given none. Undefined: it does when
   * its first argument is a required one. `only`: no argument of it is an environment, so `--env`
   * names another.
   */
  static usesSelected: boolean | 'only' | undefined = undefined
  /** `--json` asks for the same as `--output json`. */
  static jsonSwitch = false
  /** The number of words that belong to esc when the rest is another program's command line. */
  static stopAfter: ((flags: ReadonlyMap<string, readonly string[]>) => number) | undefined = undefined

  protected readonly flags: Input<F>['flags']
  protected readonly positionals: readonly string[]
  protected readonly beforeDashes: number | undefined
  protected readonly io: Host

  constructor(input: Input<F>, io: Host) {
    this.flags = input.flags
    this.positionals = input.positionals
    this.beforeDashes = input.beforeDashes
    this.io = io
  }

  abstract run(): Promise<Result>

  /**
   * Returns the text that people see on standard output. Undefined: nothing. A line break is
   * added where it is missing.
   */
  abstract text(result: Result): string | undefined

  /**
   * The text is what a person or program has asked for, byte for byte: nothing in it is escaped.
   */
  get printsValues(): boolean {
    return false
  }

  /**
   * The text is JSON already, and `--output json` prints the same: values as they are, which a
   * program must get byte for byte.
   */
  get printsJson(): boolean {
    return false
  }

  /** Returns the data that `--output json` prints. */
  json(result: Result): unknown {
    return result
  }

  /** The exit code of a run that returned. */
  exitCode(_result: Result): number {
    return 0
  }
}

/** The statics of a command, and how to make one. */
export type CommandClass = Pick<typeof EscCommand, keyof typeof EscCommand> & {
  new (input: Input<Flags>, io: Host): EscCommand
}

/**
 * Reads the command line of a command. Undefined: it asks for help. Throws `usage` errors with
 * the texts of docs/cli.md.
 */
export function parseInput(command: CommandClass, words: readonly string[]): Input<Flags> | undefined {
  const declared = { ...command.baseFlags, ...command.flags }
  const positionalArguments = Object.values(command.args)
  const parsed = parseArguments(words, declared, {
    stopAfter: command.stopAfter,
    takesDashes: (index, given) =>
      positionalArguments[index + replacedArguments(command, given.has('env'))]?.holdsValue ?? false,
  })
  if (parsed.help) return undefined
  const flags: Record<string, unknown> = {}
  const names = Object.keys(declared)
  for (const name of names) flags[name] = declared[name]?.read(parsed.flags.get(name) ?? notGiven, name)
  const { positionals, beforeDashes } = parsed
  const input = { flags, positionals, beforeDashes } as Input<Flags>
  const mistake = countMistake(command, input)
  if (mistake !== undefined && !mayUseSelected(command, input)) {
    const name = `esc ${command.id.replaceAll(':', ' ')}`
    throw new EscError('usage', mistake, { hint: `run "${name} --help" for its arguments and flags` })
  }
  const missing = names.filter((name) => declared[name]?.required && !parsed.flags.has(name))
  if (missing.length > 0) {
    const quoted = missing.sort().map((name) => JSON.stringify(name))
    throw new EscError('usage', `required flag(s) ${quoted.join(', ')} not set`, {
      hint: `run "esc ${command.id.replaceAll(':', ' ')} --help" for its flags`,
    })
  }
  return input
}

const notGiven: readonly string[] = []

/**
 * True when a command line may leave its environment to `esc select`: it names none, and is not too
 * long with one more word. What is plainly an environment, such as `app/dev`, is one.
 */
export function mayUseSelected(command: CommandClass, { flags, positionals }: Input<Flags>): boolean {
  if (command.usesSelected === 'only')
    return flags.env === undefined && countMistake(command, { flags, positionals } as Input<Flags>) === undefined
  const [argument] = Object.entries(command.args)
  const uses = command.usesSelected ?? (argument?.[1].required && ['environment', 'source'].includes(argument[0]))
  if (!uses || flags.env !== undefined || (flags as { readonly all?: boolean }).all) return false
  const [first] = positionals
  if (countOf(command.count, positionals.length + 1) !== undefined) return first !== undefined && /^[@:]/.test(first)
  if (first === undefined) return true
  if (!/[*,]|^[\w.-]+(?:\/[\w.-]+){1,2}(?:[@:]|$)/.test(first)) return true
  // One word is missing, and this one looks like an environment, a file, or the
  // name of a new environment.
  const next = Object.keys(command.args)[1]
  return countOf(command.count, positionals.length) !== undefined && (next === 'file' || next === 'destination')
}

/**
 * Returns the fault in the number of words. Undefined: nothing. An environment given as a flag
 * takes the place of the first.
 */
export function countMistake(command: CommandClass, { flags, positionals }: Input<Flags>): string | undefined {
  const received = positionals.length + replacedArguments(command, flags.env !== undefined)
  if (command.count.kind === 'none' && received > 0)
    return `unknown command "${withoutValue(positionals[0] ?? '')}" for "esc ${command.id.replaceAll(':', ' ')}"`
  return countOf(command.count, received)
}

/** The number of arguments that `--env` takes the place of. */
export function replacedArguments(command: CommandClass | undefined, isGiven: boolean): number {
  return isGiven && command?.usesSelected !== 'only' ? 1 : 0
}

/** A word in the place of a command may be key=value, and the value a secret. */
function withoutValue(word: string): string {
  return word.replace(/=[\s\S]+$/, '=…')
}

function countOf(count: Count, received: number): string | undefined {
  switch (count.kind) {
    case 'any':
    case 'none':
      return undefined
    case 'exactly':
      return received === count.count ? undefined : `accepts ${count.count} arg(s), received ${received}`
    case 'atMost':
      return received <= count.count ? undefined : `accepts at most ${count.count} arg(s), received ${received}`
    case 'atLeast':
      return received >= count.count ? undefined : `requires at least ${count.count} arg(s), only received ${received}`
    case 'between':
      return received >= count.least && received <= count.most
        ? undefined
        : `accepts between ${count.least} and ${count.most} arg(s), received ${received}`
  }
}
