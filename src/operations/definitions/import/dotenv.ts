import { EscError } from '../../../errors.ts'
import { isSopsCiphertext } from '../../../keys/index.ts'
import { rich, step } from '../../../rich-text.ts'
import { type ForeignEntry, type ForeignFile, scalar } from './foreign-value.ts'

/**
 * Reads a `.env` file: `KEY=value` or `export KEY=value` a line, `#` begins a comment. A value in
 * single quotes or backticks is as it stands and may go over several lines; in double quotes `\n`,
 * `\"`, `\\` and the other escapes of our own `--format dotenv` count; without quotes it ends with
 * the line or before ` #`. No variable is expanded. Of two lines with one key the last counts.
 *
 * Everything has to be understood: a line passed over would be a secret that is missing later.
 * Where programs differ about what a line means, it is refused, or taken in one way with a warning.
 * `source` names the file in messages. Ciphertexts of dotenvx are not looked for: `readDotenvFile`
 * is for those.
 * @throws EscError `invalid_input` with all lines that cannot be taken, never with what is in them.
 */
export function readDotenv(text: string, source = 'the .env file'): ForeignFile {
  const { lines, problems } = dotenvLines(text)
  refuseSops(lines, source)
  const warnings = dotenvWarnings(lines, source)
  if (problems.length > 0) throw dotenvRefusal(problems, warnings, source)
  return { entries: dotenvEntries(lines), warnings }
}

/**
 * The values, by key: of two lines with one key the last. The public key of dotenvx is no value of
 * the program.
 */
export function dotenvEntries(lines: readonly DotenvLine[]): readonly ForeignEntry[] {
  const values = new Map<string, DotenvLine>()
  for (const line of lines) {
    values.delete(line.key)
    if (!isPublicKey(line.key)) values.set(line.key, line)
  }
  return [...values].map(([key, { value, secret }]) => ({ key, value: scalar(value, secret) }))
}

/** `DOTENV_PUBLIC_KEY`, `DOTENV_PUBLIC_KEY_PRODUCTION`: what dotenvx encrypts with. */
export function isPublicKey(key: string): boolean {
  return /^DOTENV_PUBLIC_KEY(?:_|$)/.test(key)
}

/** Parts of a line that programs read differently. */
export type Doubt = 'variable' | 'comment' | 'backticks'

export interface DotenvLine {
  readonly key: string
  readonly value: string
  /** The column of the key, counted from 1. */
  readonly line: number
  readonly doubts: readonly Doubt[]
  /** True when it stands in single quotes, in which no program replaces anything. */
  readonly literal: boolean
  /** True when it was encrypted. Absent: as it looks. */
  readonly secret?: boolean
}

export interface DotenvProblem {
  readonly line: number
  readonly problem: string
  readonly hint: string
}

/** The lines of a `.env` file, and what is wrong with the others. */
export function dotenvLines(text: string): {
  readonly lines: readonly DotenvLine[]
  readonly problems: readonly DotenvProblem[]
} {
  const reader = new Reader(text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'))
  const lines: DotenvLine[] = []
  for (let line = reader.next(); line !== undefined; line = reader.next()) if (line !== 'problem') lines.push(line)
  return { lines, problems: reader.problems }
}

/** Nobody reads more of them at once. */
const mostShown = 30

/**
 * The error for lines that cannot be taken. Warnings are told as well, so that one run shows
 * everything.
 */
export function dotenvRefusal(
  problems: readonly DotenvProblem[],
  warnings: readonly string[],
  source: string,
): EscError {
  const shown = problems.slice(0, mostShown + 1)
  const message = shown.map(({ line, problem }, index) =>
    index === 0 ? `line ${line} of ${source} ${problem}` : `line ${line} ${problem}`,
  )
  if (problems.length > shown.length) message.push(`and ${problems.length - shown.length} more lines`)
  if (warnings.length > 0) message.push(`besides, ${warnings.join('; ')}`)
  const hints = [...new Set(problems.map(({ hint }) => hint))]
  return new EscError('invalid_input', message.join('; '), { hint: hints.join('; ') })
}

/** Refuses ciphertexts of SOPS, which would be imported as if they were the values. */
export function refuseSops(lines: readonly DotenvLine[], source: string): void {
  if (!lines.some(({ key, value }) => key === 'sops_mac' || isSopsCiphertext(value))) return
  throw new EscError('invalid_input', `SOPS has encrypted ${source}`, {
    hint: rich`${step('import it', { do: 'import-values', format: 'sops' })}`,
  })
}

export const DOUBTS: Readonly<Record<Doubt, string>> = {
  variable:
    'a $ that many programs replace by a variable or a command is taken as it stands; put the value in single quotes if that is meant',
  comment: 'what stands behind # is taken for a comment; put the whole value in single quotes if it belongs to it',
  backticks: 'backticks are taken for quotes, where a shell would run a command',
}

/** Warnings of what programs read differently in these lines, by key. */
export function dotenvWarnings(lines: readonly DotenvLine[], source: string): string[] {
  const warnings = (Object.keys(DOUBTS) as Doubt[]).flatMap((doubt) => {
    const concerned = lines.filter((line) => line.doubts.includes(doubt))
    return concerned.length === 0 ? [] : [`${source}: ${linePlaces(concerned)}: ${DOUBTS[doubt]}`]
  })
  const last = new Map(lines.map((line) => [line.key, line]))
  const replaced = lines.filter((line) => last.get(line.key) !== line)
  if (replaced.length === 0) return warnings
  return [...warnings, `${source}: ${linePlaces(replaced)}: the key stands again further down, and the last one counts`]
}

/** The keys with their lines, as messages name them. */
export function linePlaces(lines: readonly DotenvLine[]): string {
  return lines.map(({ key, line }) => `${key} (line ${line})`).join(', ')
}

type ReadValue = Pick<DotenvLine, 'value' | 'doubts' | 'literal'>

class Reader {
  readonly problems: DotenvProblem[] = []
  readonly #text: string
  #at = 0
  #line = 1
  #counted = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next line with a key. Undefined: there are no more. */
  next(): DotenvLine | 'problem' | undefined {
    this.#take(/(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:#[^\n]*$)?/y)
    if (this.#at === this.#text.length) return undefined
    const line = this.#lineHere()
    const key = this.#take(/(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*(?:=|:(?=[^\S\n]))/y)?.[1]
    if (key === undefined) return this.#problem(line, 'is not KEY=value', 'complete it, or put a # before it')
    const spaced = this.#take(/[^\S\n]+/y) !== undefined
    const quote = this.#text[this.#at]
    const read =
      quote === '"' || quote === "'" || quote === '`' ? this.#quoted(line, quote) : this.#unquoted(line, spaced)
    return read === 'problem' ? read : { key, line, ...read }
  }

  #quoted(line: number, quote: string): ReadValue | 'problem' {
    const found = this.#take(quote === '"' ? /"((?:[^"\\]|\\[\s\S])*)"/y : quote === "'" ? /'([^']*)'/y : /`([^`]*)`/y)
    if (found === undefined) {
      const problem = this.#problem(line, `begins a value with ${quote} that has no end`, `add the closing ${quote}`)
      // What follows may all be meant to stand in the quotes.
      this.#at = this.#text.length
      return problem
    }
    if (this.#take(/[^\S\n]*(?:[^\S\n]#[^\n]*)?(?:\n|$)/y) === undefined) {
      return this.#problem(line, 'has something behind the closing quote', 'quote the whole value')
    }
    const text = found[1] as string
    if (quote !== '"') return { value: text, doubts: quote === '`' ? ['backticks'] : [], literal: quote === "'" }
    const doubts: Doubt[] = hasVariable(text.replace(/\\[\s\S]/g, '')) ? ['variable'] : []
    return { value: unescaped(text), doubts, literal: false }
  }

  #unquoted(line: number, spaced: boolean): ReadValue | 'problem' {
    const rest = this.#take(/([^\n]*)(?:\n|$)/y)?.[1] as string
    const ambiguous = (problem: string) => {
      this.problems.push({ line, problem, hint: 'put the value in single quotes' })
      return 'problem' as const
    }
    // Behind a blank, nobody reads it as a value.
    if (!spaced && rest.startsWith('#')) return ambiguous('has a value that begins with #, which many programs drop')
    const value = rest.replace(/(?:^|\s)#.*$/, '').trim()
    if (/[#"'`]/.test(value)) {
      return ambiguous('has a # or a quote in a value without quotes, which not all programs read alike')
    }
    const commented = value !== rest.trim() && value !== ''
    return {
      value,
      doubts: [...(hasVariable(value) ? ['variable' as const] : []), ...(commented ? ['comment' as const] : [])],
      literal: false,
    }
  }

  /** The line of the place reached, counted on from the last one that was asked for. */
  #lineHere(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line++
    return this.#line
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? undefined
    if (found !== undefined) this.#at = pattern.lastIndex
    return found
  }

  /** Notes what is wrong, and goes on with the next line. */
  #problem(line: number, problem: string, hint: string): 'problem' {
    this.problems.push({ line, problem, hint })
    this.#take(/[^\n]*(?:\n|$)/y)
    return 'problem'
  }
}

/** `$NAME`, `${…}`, `$(…)`. */
export function hasVariable(text: string): boolean {
  return /\$[A-Za-z_{(]/.test(text)
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
}

/** An escape that is none stays as it is. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([nrtabfv])|(["\\$`'\n]))/g,
    (_, byte, short, long, letter, itself) => {
      if (letter !== undefined) return ESCAPES[letter] as string
      return itself ?? String.fromCodePoint(Number.parseInt(byte ?? short ?? long, 16))
    },
  )
}
