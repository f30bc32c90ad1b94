import { EscError } from '../../errors.ts'
import { nearest } from '../../suggestion.ts'
import type { Flag, Flags } from './flags.ts'

/** The words of a command line, sorted into positionals and the values of each flag. */
export interface ParsedWords {
  readonly positionals: readonly string[]
  /** How many positionals stood before `--`; undefined when there was no `--`. */
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
   * Whether the next positional, of this index, is a value: it may begin with a dash
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
  const positionals: string[] = []
  const found = new Map<string, string[]>()
  const byChar = new Map<string, string>()
  for (const [name, flag] of Object.entries(flags)) if (flag.char !== undefined) byChar.set(flag.char, name)
  const add = (name: string, value: string) => {
    const values = found.get(name)
    if (values === undefined) found.set(name, [value])
    else values.push(value)
  }

  let beforeDashes: number | undefined
  let help = false
  let index = 0
  while (index < words.length) {
    const word = words[index++] as string
    if (options.stopAfter !== undefined && positionals.length >= options.stopAfter(found)) {
      positionals.push(word, ...words.slice(index))
      break
    }
    if (word === '--') {
      beforeDashes = positionals.length
      positionals.push(...words.slice(index))
      break
    }
    if (options.takesDashes?.(positionals.length, found) && isValue(word, flags)) {
      positionals.push(word)
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = word.slice(2, equals === -1 ? undefined : equals)
      const attached = equals === -1 ? undefined : word.slice(equals + 1)
      const flag = own(flags, name)
      if (flag === undefined) {
        if (name === 'help') {
          help = true
          continue
        }
        throw unknownFlag(word, name, flags)
      }
      if (attached !== undefined) add(name, attached)
      else if (flag.type === 'boolean') add(name, 'true')
      else if (flag.bare !== undefined) add(name, flag.bare)
      else if (index < words.length) add(name, words[index++] as string)
      else throw new EscError('usage', `flag needs an argument: --${name}`)
    } else if (word.startsWith('-') && word.length > 1) {
      let rest = word.slice(1)
      while (rest !== '') {
        const char = rest.slice(0, 1)
        rest = rest.slice(1)
        const name = byChar.get(char)
        if (name === undefined) {
          if (char === 'h') {
            help = true
            continue
          }
          if (!/^-[A-Za-z]{1,3}$/.test(word)) throw notAFlag()
          throw new EscError('usage', `unknown shorthand flag: '${char}' in ${word}`)
        }
        const flag = own(flags, name) as Flag<unknown>
        if (rest.startsWith('=')) {
          add(name, rest.slice(1))
          rest = ''
        } else if (flag.type === 'boolean') {
          add(name, 'true')
        } else if (flag.bare !== undefined) {
          add(name, flag.bare)
        } else if (rest !== '') {
          add(name, rest)
          rest = ''
        } else if (index < words.length) {
          add(name, words[index++] as string)
        } else {
          throw new EscError('usage', `flag needs an argument: '${char}' in ${word}`)
        }
      }
    } else {
      positionals.push(word)
    }
  }
  return { positionals, beforeDashes, flags: found, help }
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
  return new EscError('usage', 'unknown flag: a word that begins with a dash is no flag of this command', {
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
