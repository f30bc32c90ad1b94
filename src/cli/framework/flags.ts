import { EscError } from '../../errors.ts'

/**
 * A flag as a command declares it. The first group of members is what oclif's help and manifest
 * read; `read` turns the words of the command line into the typed value.
 */
export interface Flag<T> {
  readonly type: 'boolean' | 'option'
  readonly description: string
  readonly char?: string
  readonly helpValue?: string
  readonly helpGroup?: string
  readonly multiple?: boolean
  readonly hidden?: boolean
  /** The command refuses to run without it. */
  readonly required?: boolean
  readonly options?: readonly string[]
  readonly default?: unknown
  /**
   * The value of the flag when it is given without one (`--draft`). Such a flag
   * takes a value only after `=`.
   */
  readonly bare?: string
  /** Its value may be a secret: no message repeats it. */
  readonly holdsValue?: boolean
  /** `words` holds the value of every occurrence, in order; empty when the flag was not given. */
  read(words: readonly string[], name: string): T
}

export type Flags = Readonly<Record<string, Flag<unknown>>>
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never }

interface FlagOptions {
  readonly description: string
  readonly char?: string
  readonly helpGroup?: string
  readonly hidden?: boolean
  /** Its value may be a secret: no message repeats it. */
  readonly holdsValue?: boolean
}

/** `--yes`, `--yes=false`. */
export function boolean(options: FlagOptions): Flag<boolean> {
  return {
    ...options,
    type: 'boolean',
    read(words, name) {
      const last = words.at(-1)
      if (last === undefined) return false
      if (TRUE.includes(last)) return true
      if (FALSE.includes(last)) return false
      throw invalidFlag(name, options.char, last, 'expected true or false')
    },
  }
}

/** A flag that tells not being given from being given as false. */
export function maybe<T>(flag: Flag<T>): Flag<T | undefined> {
  return { ...flag, read: (words, name) => (words.length === 0 ? undefined : flag.read(words, name)) }
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/** `--name value`; undefined when not given. The last one counts. */
export function text(
  options: FlagOptions & { readonly value?: string; readonly bare?: string },
): Flag<string | undefined> {
  const { value, ...rest } = options
  return {
    ...rest,
    type: 'option',
    ...(value === undefined ? {} : { helpValue: value }),
    read: (words) => words.at(-1),
  }
}

/**
 * `--format json`: one of a few words. The refusal is `refuse(word)`, or a
 * sentence that lists the words.
 */
export function choice<const T extends string>(
  options: FlagOptions & {
    readonly options: readonly T[]
    readonly default: T
    /** Accepted too, but not shown in the help. */
    readonly alsoAccepted?: Readonly<Record<string, T>>
    readonly refuse?: (word: string) => string
  },
): Flag<T> {
  const { alsoAccepted, refuse, ...rest } = options
  return {
    ...rest,
    type: 'option',
    read(words, name) {
      const word = words.at(-1)
      if (word === undefined) return options.default
      const known = options.options.find((each) => each === word) ?? alsoAccepted?.[word]
      if (known !== undefined) return known
      const message =
        refuse?.(word) ?? `invalid --${name} ${JSON.stringify(word)}: must be one of ${options.options.join(', ')}`
      throw new EscError('usage', message, { hint: `use one of ${options.options.join(', ')}` })
    },
  }
}

/** `--name value`, which must be given. */
export function requiredText(options: FlagOptions & { readonly value?: string }): Flag<string> {
  const { value, ...rest } = options
  return {
    ...rest,
    type: 'option',
    required: true,
    ...(value === undefined ? {} : { helpValue: value }),
    read: (words) => words.at(-1) ?? '',
  }
}

/** `--event created --event updated`: every value, in order. */
export function list(options: FlagOptions & { readonly value?: string }): Flag<readonly string[]> {
  const { value, ...rest } = options
  return {
    ...rest,
    type: 'option',
    multiple: true,
    ...(value === undefined ? {} : { helpValue: value }),
    read: (words) => words,
  }
}

/** `--count 10`; undefined when not given. */
export function count(options: FlagOptions): Flag<number | undefined> {
  return {
    ...options,
    type: 'option',
    helpValue: 'number',
    read(words, name) {
      const word = words.at(-1)
      if (word === undefined) return undefined
      if (/^[+-]?[0-9]{1,15}$/.test(word)) return Number(word)
      throw invalidFlag(name, options.char, word, `strconv.ParseInt: parsing ${JSON.stringify(word)}: invalid syntax`)
    },
  }
}

/** `--every 1h30m`; the value is in seconds. */
export function duration(options: FlagOptions & { readonly default: string }): Flag<number> {
  return {
    ...options,
    type: 'option',
    helpValue: 'duration',
    read: (words, name) => durationSeconds(words.at(-1) ?? options.default, name, options.char),
  }
}

/**
 * `--lifetime 1h30m` of what is opened, in seconds. Undefined when not given: definitions say it.
 */
export const LIFETIME_FLAG: { readonly lifetime: Flag<number | undefined> } = {
  lifetime: {
    description: 'how long credentials should live, where a provider can tell (default: as the definition says)',
    char: 'l',
    type: 'option',
    helpValue: 'duration',
    read(words, name) {
      const word = words.at(-1)
      if (word === undefined) return undefined
      const seconds = durationSeconds(word, name, 'l')
      if (seconds > 0) return seconds
      throw invalidFlag(name, 'l', word, 'expected more than nothing, such as 30m')
    },
  },
}

function durationSeconds(word: string, name: string, char: string | undefined): number {
  const seconds = parseDurationSeconds(word)
  if (seconds !== undefined) return seconds
  throw invalidFlag(name, char, word, 'expected a number with a unit, such as 90s, 30m or 1h30m')
}

/**
 * `--older-than 30d`: a number of seconds, minutes, hours, days or weeks; the value is in seconds.
 * Undefined when not given.
 */
export function age(options: FlagOptions): Flag<number | undefined> {
  return {
    ...options,
    type: 'option',
    helpValue: 'time',
    read(words, name) {
      const word = words.at(-1)
      if (word === undefined) return undefined
      const [, amount, unit = ''] = /^([0-9]{1,6})([smhdw])$/.exec(word) ?? []
      const seconds = AGE_SECONDS[unit]
      if (seconds !== undefined) return Number(amount) * seconds
      throw invalidFlag(name, options.char, word, 'expected a number with a unit, such as 12h, 30d or 4w')
    },
  }
}

const AGE_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

const DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

/**
 * Reads `1h30m`, `300ms`, `-1.5h`; `undefined` for anything that is not a duration. A unit is
 * mandatory, except for `0`.
 */
export function parseDurationSeconds(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  let seconds = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([^\d.]+)/g)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit as string] as number)
  }
  return text.startsWith('-') && seconds !== 0 ? -seconds : seconds
}

function invalidFlag(name: string, char: string | undefined, word: string, reason: string): EscError {
  const shown = char === undefined ? `--${name}` : `-${char}, --${name}`
  return new EscError('usage', `invalid argument ${JSON.stringify(word)} for "${shown}" flag: ${reason}`)
}
