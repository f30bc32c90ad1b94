import { allocate, spend } from '../../budget.ts'
import { anyCharacter, CharacterSet, lineCharacter, perlClass, posixClass, unicodeClass } from './character-set.ts'

/** What a pattern is made of. */
export type PatternNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number }

export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word' | 'not-word'

/** A pattern that is no RE2 expression. The message is `error parsing regexp: …`, with the offending piece in backquotes. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
  constructor(problem: string, piece: string) {
    super(`error parsing regexp: ${problem}: \`${piece}\``)
  }
}

const maxRepeat = 1000
const maxNesting = 250
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }
const assertions: Readonly<Record<string, Assertion>> = { A: 'text-start', z: 'text-end', b: 'word', B: 'not-word' }

interface Flags {
  readonly ignoreCase: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
}

/** Reads RE2 syntax (https://github.com/google/re2/wiki/Syntax). Throws `PatternError`. */
export function parsePattern(source: string): PatternNode {
  const parser = new PatternParser(source)
  const node = parser.choice(0)
  parser.end()
  return node
}

class PatternParser {
  readonly #source: string
  #at = 0
  #flags: Flags = { ignoreCase: false, multiline: false, dotAll: false }

  constructor(source: string) {
    this.#source = source
  }

  end(): void {
    if (this.#at < this.#source.length) throw new PatternError('unexpected )', this.#source)
  }

  choice(depth: number): PatternNode {
    if (depth > maxNesting) throw new PatternError('expression nests too deeply', this.#source)
    const items = [this.#sequence(depth)]
    while (this.#source[this.#at] === '|') {
      this.#at++
      items.push(this.#sequence(depth))
    }
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #sequence(depth: number): PatternNode {
    const items: PatternNode[] = []
    let repeatable = false
    let lastRepeat = -1
    for (;;) {
      const start = this.#at
      const c = this.#source[start]
      if (c === undefined || c === '|' || c === ')') break
      const count = this.#count()
      if (count !== undefined) {
        if (!repeatable)
          throw new PatternError('missing argument to repetition operator', this.#source.slice(start, this.#at))
        if (this.#source[this.#at] === '?') this.#at++
        if (lastRepeat !== -1)
          throw new PatternError('invalid nested repetition operator', this.#source.slice(lastRepeat, this.#at))
        lastRepeat = start
        items.push({ kind: 'repeat', item: items.pop()!, ...count })
        continue
      }
      lastRepeat = -1
      const node = this.#atom(depth)
      if (node !== undefined) {
        items.push(node)
        repeatable = true
      }
    }
    return items.length === 1 ? items[0]! : items.length === 0 ? { kind: 'empty' } : { kind: 'sequence', items }
  }

  /** A repetition operator, if one stands here. A brace that is none is an ordinary character. */
  #count(): { min: number; max: number } | undefined {
    const c = this.#source[this.#at]
    if (c === '*' || c === '+' || c === '?') {
      this.#at++
      return { min: c === '+' ? 1 : 0, max: c === '?' ? 1 : Number.POSITIVE_INFINITY }
    }
    if (c !== '{') return undefined
    const match = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.#at))
    if (!match) return undefined
    const min = Number(match[1])
    const max = match[2] === '' ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])
    if (min > maxRepeat || max < min || (max > maxRepeat && max !== Number.POSITIVE_INFINITY))
      throw new PatternError('invalid repeat count', match[0])
    this.#at += match[0].length
    return { min, max }
  }

  #atom(depth: number): PatternNode | undefined {
    spend(10)
    allocate(250)
    const c = this.#source[this.#at]!
    if (c === '(') return this.#group(depth)
    if (c === '[') return { kind: 'set', set: this.#class() }
    if (c === '\\') return this.#escape()
    const character = this.#next()
    if (c === '.') return { kind: 'set', set: this.#flags.dotAll ? anyCharacter : lineCharacter }
    if (c === '^') return { kind: 'assert', what: this.#flags.multiline ? 'line-start' : 'text-start' }
    if (c === '$') return { kind: 'assert', what: this.#flags.multiline ? 'line-end' : 'text-end' }
    return this.#literal(character)
  }

  #next(): number {
    const code = this.#source.codePointAt(this.#at)!
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  #literal(code: number): PatternNode {
    return { kind: 'set', set: this.#fold(new CharacterSet().add(code, code)) }
  }

  #fold(set: CharacterSet): CharacterSet {
    return this.#flags.ignoreCase ? set.ignoringCase() : set
  }

  #group(depth: number): PatternNode | undefined {
    const start = this.#at++
    const outer = this.#flags
    if (this.#source[this.#at] === '?') {
      const named = /^\(\?P?<([^>]*)>?/.exec(this.#source.slice(start))
      if (named && !/^\(\?<[=!]/.test(named[0])) {
        if (!named[0].endsWith('>')) throw new PatternError('invalid named capture', this.#source.slice(start))
        if (!/^\w+$/.test(named[1]!)) throw new PatternError('invalid named capture', named[0])
        this.#at = start + named[0].length
      } else {
        const flags = /^\(\?([imsU]*)(-[imsU]+)?([:)])/.exec(this.#source.slice(start))
        if (!flags) throw this.#badGroup(start)
        this.#at = start + flags[0].length
        this.#flags = withFlags(withFlags(outer, flags[1]!, true), flags[2] ?? '', false)
        if (flags[3] === ')') return undefined
      }
    }
    const node = this.choice(depth + 1)
    if (this.#source[this.#at] !== ')') throw new PatternError('missing closing )', this.#source)
    this.#at++
    this.#flags = outer
    return node
  }

  #badGroup(start: number): PatternError {
    const rest = this.#source.slice(start)
    if (/^\(\?[imsU-]*$/.test(rest)) return new PatternError('missing closing )', this.#source)
    return new PatternError('invalid or unsupported Perl syntax', /^\(\?(<[=!]|[imsU-]*.?)/su.exec(rest)![0])
  }

  #escape(): PatternNode {
    const c = this.#source[this.#at + 1]
    if (c === 'Q') {
      const end = this.#source.indexOf('\\E', this.#at)
      const quoted = this.#source.slice(this.#at + 2, end === -1 ? undefined : end)
      this.#at = end === -1 ? this.#source.length : end + 2
      return { kind: 'sequence', items: Array.from(quoted, (character) => this.#literal(character.codePointAt(0)!)) }
    }
    const what = c === undefined ? undefined : assertions[c]
    if (what !== undefined) {
      this.#at += 2
      return { kind: 'assert', what }
    }
    const set = this.#escapedClass()
    if (set !== undefined) return { kind: 'set', set }
    return this.#literal(this.#escapedCharacter())
  }

  /** `\d`, `\pL` and the like, if one stands here. */
  #escapedClass(): CharacterSet | undefined {
    const match = /^\\(?:([dDsSwW])|([pP])(?:\{(\^?)([^}]*)\}|([A-Za-z])))/.exec(this.#source.slice(this.#at))
    if (!match) {
      if (/^\\[pP]/.test(this.#source.slice(this.#at)))
        throw new PatternError('invalid character class range', this.#source.slice(this.#at))
      return undefined
    }
    this.#at += match[0].length
    if (match[1] !== undefined) return perlClass(match[1])
    const set = unicodeClass(match[4] ?? match[5]!)
    if (set === undefined) throw new PatternError('invalid character class range', match[0])
    const negated = (match[2] === 'P') !== (match[3] === '^')
    return negated ? this.#fold(set).negated() : this.#fold(set)
  }

  #escapedCharacter(): number {
    const start = this.#at++
    const c = this.#source[this.#at]
    if (c === undefined) throw new PatternError('trailing backslash at end of expression', '')
    const rest = this.#source.slice(this.#at)
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)
    if (octal) {
      this.#at += octal[0].length
      return Number.parseInt(octal[0], 8)
    }
    const hex = /^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/.exec(rest)
    const code = hex ? Number.parseInt(hex[1] ?? hex[2]!, 16) : controls[c]
    if (hex) this.#at += hex[0].length
    else if (code !== undefined) this.#at++
    if (code !== undefined && code <= 0x10ffff) return code
    if (!hex && c.charCodeAt(0) < 0x80 && !/[0-9A-Za-z]/.test(c)) return this.#next()
    const piece = hex
      ? this.#source.slice(start, this.#at)
      : this.#source.slice(start, start + 1 + String.fromCodePoint(rest.codePointAt(0)!).length)
    throw new PatternError('invalid escape sequence', piece)
  }

  #class(): CharacterSet {
    const start = this.#at++
    const negated = this.#source[this.#at] === '^'
    if (negated) this.#at++
    const set = new CharacterSet()
    for (let first = true; ; first = false) {
      if (this.#at >= this.#source.length) throw new PatternError('missing closing ]', this.#source.slice(start))
      if (this.#source[this.#at] === ']' && !first) break
      const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#source.slice(this.#at))
      if (posix) {
        const named = posixClass(posix[2]!)
        if (named === undefined) throw new PatternError('invalid character class range', posix[0])
        set.addAll(posix[1] ? named.negated() : named)
        this.#at += posix[0].length
        continue
      }
      const escaped = this.#source[this.#at] === '\\' ? this.#escapedClass() : undefined
      if (escaped !== undefined) {
        set.addAll(escaped)
        continue
      }
      const from = this.#at
      const low = this.#classCharacter(start)
      let high = low
      if (this.#source[this.#at] === '-' && this.#at + 1 < this.#source.length && this.#source[this.#at + 1] !== ']') {
        this.#at++
        high = this.#classCharacter(start)
        if (high < low) throw new PatternError('invalid character class range', this.#source.slice(from, this.#at))
      }
      set.add(low, high)
    }
    this.#at++
    const folded = this.#fold(set)
    return negated ? folded.negated() : folded
  }

  #classCharacter(start: number): number {
    if (this.#at >= this.#source.length) throw new PatternError('missing closing ]', this.#source.slice(start))
    return this.#source[this.#at] === '\\' ? this.#escapedCharacter() : this.#next()
  }
}

function withFlags(flags: Flags, letters: string, on: boolean): Flags {
  return {
    ignoreCase: letters.includes('i') ? on : flags.ignoreCase,
    multiline: letters.includes('m') ? on : flags.multiline,
    dotAll: letters.includes('s') ? on : flags.dotAll,
  }
}
