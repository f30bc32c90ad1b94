import { EscError } from '../../errors.ts'
import { nearest } from '../../suggestion.ts'
import type { Flag, Flags } from './flags.ts'

/** The words of a command line, sorted into positionals and the values of each flag. */
export interface ParsedWords {
  readonly positionals: readonly string[]
  /** The number of positionals that stood before `--`; undefined when there was no `--`. */
  readonly beforeDashes: number | undefined
  /** Per flag name, the value of every occurrence. A bare boolean flag has the value `true`. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly help: boolean
}

export interface ParseOptions {
  /**
   * Once this many positionals have been read, the rest belongs to another program and is
   * taken as it stands, `--` too.
   */
  readonly stopAfter?: (flags: ReadonlyMap<string, readonly string[]>) => number
  /**
   * True when the next positional, of this index, is a value: it may begin with a dash
   * when it looks like no flag.
   */
  readonly takesDashes?: (index: number, flags: ReadonlyMap<string, readonly string[]>) => boolean
}

/**
 * Reads a command line by the rules fingers know from other tools: flags anywhere up to `--`;
 * `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-f=value`; boolean shorts may be grouped;
 * a boolean takes a value only after `=`. A word is the value of the flag before it even when it
 * looks like a flag itself.
 */
export function parseArguments(words: readonly string[], flags: Flags, options: ParseOptions = {}): ParsedWords {
  return new WordReader(words, flags).read(options)
}

class WordReader {
  readonly #words: readonly string[]
  readonly #flags: Flags
  readonly #byChar = new Map<string, string>()
  readonly #found = new Map<string, string[]>()
  readonly #positionals: string[] = []
  #help = false
  #index = 0

  constructor(words: readonly string[], flags: Flags) {
    this.#words = words
    this.#flags = flags
    for (const [name, flag] of Object.entries(flags)) if (flag.char !== undefined) this.#byChar.set(flag.char, name)
  }

  read({ stopAfter, takesDashes }: ParseOptions): ParsedWords {
    const [positionals, found] = [this.#positionals, this.#found]
    let beforeDashes: number | undefined
    for (let word = this.#next(); word !== undefined; word = this.#next()) {
      if (stopAfter !== undefined && positionals.length >= stopAfter(found)) {
        positionals.push(word, ...this.#rest())
      } else if (word === '--') {
        beforeDashes = positionals.length
        positionals.push(...this.#rest())
      } else if (takesDashes?.(positionals.length, found) && isValue(word, this.#flags)) positionals.push(word)
      else if (word.startsWith('--')) this.#readLong(word)
      else if (word.startsWith('-') && word.length > 1) this.#readShorts(word)
      else positionals.push(word)
    }
    return { positionals, beforeDashes, flags: found, help: this.#help }
  }

  #next(): string | undefined {
    return this.#words[this.#index++]
  }

  #rest(): readonly string[] {
    const rest = this.#words.slice(this.#index)
    this.#index = this.#words.length
    return rest
  }

  #add(name: string, value: string): void {
    const values = this.#found.get(name)
    if (values === undefined) this.#found.set(name, [value])
    else values.push(value)
  }

  /** Reads `--flag` or `--flag=value`, and the word behind it where that is the value. */
  #readLong(word: string): void {
    const equals = word.indexOf('=')
    const name = word.slice(2, equals === -1 ? undefined : equals)
    const flag = own(this.#flags, name)
    if (flag === undefined) {
      if (name !== 'help') throw unknownFlag(word, name, this.#flags)
      this.#help = true
      return
    }
    const value = equals === -1 ? valueAlone(flag) : word.slice(equals + 1)
    this.#add(name, value ?? this.#valueBehind(`--${name}`))
  }

  /**
   * Reads `-f`, `-fvalue`, `-f=value` or `-abc`, and the word behind it where that is the value.
   */
  #readShorts(word: string): void {
    let rest = word.slice(1)
    while (rest !== '') {
      const char = rest.slice(0, 1)
      rest = rest.slice(1)
      const name = this.#byChar.get(char)
      if (name === undefined) {
        if (char !== 'h') throw /^-[A-Za-z]{1,3}$/.test(word) ? unknownShorthand(char, word) : notAFlag()
        this.#help = true
        continue
      }
      const alone = valueAlone(own(this.#flags, name) as Flag<unknown>)
      if (alone !== undefined && !rest.startsWith('=')) {
        this.#add(name, alone)
        continue
      }
      const attached = rest.startsWith('=') ? rest.slice(1) : rest || undefined
      this.#add(name, attached ?? this.#valueBehind(`'${char}' in ${word}`))
      rest = ''
    }
  }

  #valueBehind(flag: string): string {
    const value = this.#next()
    if (value === undefined) throw new EscError('usage', `flag needs an argument: ${flag}`)
    return value
  }
}

/** The value of a flag that stands alone; `undefined` for one that needs a value. */
function valueAlone(flag: Flag<unknown>): string | undefined {
  return flag.type === 'boolean' ? 'true' : flag.bare
}

function unknownShorthand(char: string, word: string): EscError {
  return new EscError('usage', `unknown shorthand flag: '${char}' in ${word}`)
}

/**
 * A word that begins with a dash and is no flag, nor one that was misspelt. `-`
 * alone is a word like others.
 */
function isValue(word: string, flags: Flags): boolean {
  if (!word.startsWith('-') || word === '-' || isFlagLike(word, flags)) return false
  if (word.startsWith('--')) return own(flags, word.slice(2).split('=', 1)[0] as string) === undefined
  const chars = Object.values(flags).map(({ char }) => char)
  return !chars.includes(word[1]) && word[1] !== 'h'
}

function own(flags: Flags, name: string): Flag<unknown> | undefined {
  return Object.hasOwn(flags, name) ? flags[name] : undefined
}

/** It may be a value, and the value a secret. */
function notAFlag(): EscError {
  return new EscError('usage', 'unknown flag: a word that begins with a dash is not a flag of this command', {
    hint: 'if it is a value, put -- before it; the flags are listed with --help',
  })
}

function unknownFlag(word: string, name: string, flags: Flags): EscError {
  if (!isFlagLike(word, flags)) return notAFlag()
  const known = Object.keys(flags).filter((each) => !flags[each]?.hidden)
  const suggestion = nearest(name, known)
  return new EscError('usage', `unknown flag: --${name}`, {
    hint: suggestion === undefined ? 'run the command with --help for its flags' : `did you mean --${suggestion}?`,
  })
}

/** A known flag that was misspelt, or one of another command: words of small letters. */
export function isFlagLike(word: string, flags: Flags): boolean {
  const name = /^--?([a-z]+(?:-[a-z]+)*)(?:=|$)/.exec(word)?.[1]
  if (name === undefined || name.length > 24) return false
  return name.length <= 16 || nearest(name, Object.keys(flags)) !== undefined
}
