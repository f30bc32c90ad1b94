import { EscError } from '../../errors.ts'
import { type ForeignFile, scalar } from './foreign-value.ts'

/**
 * Reads a `.env` file: `KEY=value` or `export KEY=value` a line, `#` begins a comment. A value in single quotes or backticks is as it
 * stands and may go over several lines; in double quotes `\n`, `\"`, `\\` and the other escapes of our own `--format dotenv` count;
 * without quotes it ends with the line or before ` #`. No variable is expanded. Of two lines with one key the last counts.
 *
 * Everything has to be understood: a line passed over would be a secret that is missing later. Where programs differ about what
 * a line means, it is refused.
 * @throws EscError `invalid_input` with the line, never with what is in it.
 */
export function readDotenv(text: string): ForeignFile {
  const reader = new Reader(text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'))
  const values = new Map<string, string>()
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    values.delete(line.key)
    values.set(line.key, line.value)
  }
  return { entries: [...values].map(([key, value]) => ({ key, value: scalar(value) })) }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): { readonly key: string; readonly value: string } | undefined {
    this.#take(/(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:#[^\n]*$)?/y)
    if (this.#at === this.#text.length) return undefined
    const key = this.#take(/(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*(?:=|:(?=[^\S\n]))[^\S\n]*/y)?.[1]
    if (key === undefined) throw this.#problem('is no KEY=value', 'complete it, or put a # before it')
    const value = this.#value()
    return { key, value }
  }

  #value(): string {
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'" && quote !== '`') return this.#unquoted()
    const start = this.#at
    const found = this.#take(quote === '"' ? /"((?:[^"\\]|\\[\s\S])*)"/y : quote === "'" ? /'([^']*)'/y : /`([^`]*)`/y)
    if (found === undefined)
      throw this.#problem(`begins a value with ${quote} that has no end`, `add the closing ${quote}`)
    if (this.#take(/[^\S\n]*(?:[^\S\n]#[^\n]*)?(?:\n|$)/y) === undefined) {
      this.#at = start
      throw this.#problem('has something behind the closing quote', 'quote the whole value')
    }
    return quote === '"' ? unescaped(found[1] as string) : (found[1] as string)
  }

  #unquoted(): string {
    const start = this.#at
    const line = this.#take(/([^\n]*)(?:\n|$)/y)?.[1] as string
    const value = line.replace(/(?:^|\s)#.*$/, '').trim()
    if (!/[#"'`]/.test(value)) return value
    this.#at = start
    throw this.#problem(
      'has a # or a quote in a value without quotes, which not all programs read alike',
      'put the value in single quotes',
    )
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? undefined
    if (found !== undefined) this.#at = pattern.lastIndex
    return found
  }

  #problem(problem: string, hint: string): EscError {
    const line = this.#text.slice(0, this.#at).split('\n').length
    return new EscError('invalid_input', `line ${line} of the .env file ${problem}`, { hint })
  }
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
