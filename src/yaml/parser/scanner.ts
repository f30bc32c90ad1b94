import { present } from '../../present.ts'
import type { Mark } from './cursor.ts'
import { Cursor, isBlankOrEnd, isBreak } from './cursor.ts'
import { scanAnchor, scanDirective, scanTag } from './scan-property.ts'
import { scanBlockScalar, scanPlain, scanQuoted } from './scan-scalar.ts'
import type { SimpleKey } from './token.ts'
import { T, Token } from './token.ts'
import { scannerError } from './yaml-syntax-error.ts'

/**
 * Deepest nesting of collections that is read: far beyond what people write, and safe for all that
 * walks a tree by recursion.
 */
export const maxDepth = 500

/** A simple key must fit on one line and in this many characters. */
const maxSimpleKeyLength = 1024

/**
 * The number of tokens that are read ahead of the parser. It decides which of two mistakes close to
 * each other is reported; two is what users of ESC are used to.
 */
const lookahead = 2

/** Indicators (and `-`, `?`, `:` when a blank follows) cannot start a plain scalar. */
const indicators = new Uint8Array(128)
for (const character of '-?:,[]{}#&*!|>\'"%@`') indicators[character.charCodeAt(0)] = 1

/**
 * Cuts YAML text into tokens. Indentation becomes `blockMappingStart`, `blockSequenceStart` and
 * `blockEnd` tokens, and a `key` token is put before what turns out to be a mapping key. The
 * method, with its rules of what may be a key where, is that of libyaml, so that what is accepted
 * and what a mistake is called agree with other readers of YAML.
 */
export class Scanner {
  readonly #cursor: Cursor
  readonly #tokens: Token[] = []
  #head = 0
  #taken = 0
  #indent = -1
  readonly #indents: number[] = []
  #flowLevel = 0
  #simpleKeyAllowed = true
  /** One a flow level: the key that the tokens since may belong to. */
  readonly #simpleKeys: (SimpleKey | undefined)[] = [undefined]
  #unattachedKey: SimpleKey | undefined

  constructor(text: string) {
    this.#cursor = new Cursor(text)
  }

  /**
   * The next token; the same until `take` is called. At the end of the text, `streamEnd` for ever.
   */
  peek(): Token {
    this.#fill()
    return present(this.#tokens[this.#head])
  }

  /** Removes the next token, which must have been peeked at. */
  take(): void {
    const token = present(this.#tokens[this.#head])
    if (token.type === T.streamEnd) return
    this.#head++
    this.#taken++
    if (this.#head === 64) {
      this.#tokens.splice(0, 64)
      this.#head = 0
    }
  }

  #fill(): void {
    for (;;) {
      if (this.#head < this.#tokens.length - lookahead) {
        const key = present(this.#tokens[this.#head]).simpleKey
        if (key === undefined || !this.#stillPossible(key)) return
      }
      this.#fetch()
    }
  }

  #push(token: Token): void {
    if (this.#unattachedKey !== undefined) {
      token.simpleKey = this.#unattachedKey
      this.#unattachedKey = undefined
    }
    this.#tokens.push(token)
  }

  /** Reads an indicator of `length` characters. */
  #indicator(type: number, length = 1): void {
    const cursor = this.#cursor
    const start = cursor.offset
    const column = cursor.column
    cursor.offset += length
    this.#push(new Token(type, start, cursor.offset, cursor.line, column))
  }

  #fetch(): void {
    const cursor = this.#cursor
    const before = cursor.mark()
    this.#skipToToken()
    this.#unrollIndent(cursor.column, before)

    if (cursor.offset >= cursor.length) {
      this.#fetchStreamEnd()
      return
    }
    const code = cursor.peek()
    if (cursor.offset === cursor.columnBase) {
      if (code === 0x25) {
        this.#endDocumentPart()
        this.#push(scanDirective(cursor))
        return
      }
      if (cursor.atDocumentIndicator()) {
        this.#endDocumentPart()
        this.#indicator(code === 0x2d ? T.documentStart : T.documentEnd, 3)
        return
      }
    }
    if (this.#fetchIndicated(code)) return
    if (this.#startsPlain(code)) {
      this.#startSimpleKey()
      const { token, leadingBlanks } = scanPlain(cursor, this.#indent + 1, this.#flowLevel > 0)
      if (leadingBlanks) this.#simpleKeyAllowed = true
      this.#push(token)
      return
    }
    throw scannerError('found character that cannot start any token', cursor.line, cursor)
  }

  /** Reads what begins with an indicator. False where this character, or this one here, is none. */
  #fetchIndicated(code: number): boolean {
    const cursor = this.#cursor
    const inFlow = this.#flowLevel > 0
    switch (code) {
      case 0x5b: // [
        this.#fetchFlowStart(T.flowSequenceStart)
        return true
      case 0x7b: // {
        this.#fetchFlowStart(T.flowMappingStart)
        return true
      case 0x5d: // ]
        this.#fetchFlowEnd(T.flowSequenceEnd)
        return true
      case 0x7d: // }
        this.#fetchFlowEnd(T.flowMappingEnd)
        return true
      case 0x2c: // ,
        this.#removeSimpleKey()
        this.#simpleKeyAllowed = true
        this.#indicator(T.flowEntry)
        return true
      case 0x2d: // -
        if (isBlankOrEnd(cursor.peek(1))) {
          this.#fetchBlockEntry()
          return true
        }
        break
      case 0x3f: // ?
        if (inFlow || isBlankOrEnd(cursor.peek(1))) {
          this.#fetchKey()
          return true
        }
        break
      case 0x3a: // :
        if (inFlow || isBlankOrEnd(cursor.peek(1))) {
          this.#fetchValue()
          return true
        }
        break
      case 0x2a: // *
        this.#startSimpleKey()
        this.#push(scanAnchor(cursor, T.alias))
        return true
      case 0x26: // &
        this.#startSimpleKey()
        this.#push(scanAnchor(cursor, T.anchor))
        return true
      case 0x21: // !
        this.#startSimpleKey()
        this.#push(scanTag(cursor))
        return true
      case 0x7c: // |
        if (!inFlow) {
          this.#fetchBlockScalar('literal')
          return true
        }
        break
      case 0x3e: // >
        if (!inFlow) {
          this.#fetchBlockScalar('folded')
          return true
        }
        break
      case 0x27: // '
        this.#startSimpleKey()
        this.#push(scanQuoted(cursor, 'single'))
        return true
      case 0x22: // "
        this.#startSimpleKey()
        this.#push(scanQuoted(cursor, 'double'))
        return true
    }
    return false
  }

  #startsPlain(code: number): boolean {
    if (isBlankOrEnd(code)) return false
    if (code >= 128 || indicators[code] === 0) return true
    const next = this.#cursor.peek(1)
    if (code === 0x2d) return next !== 0x20 && next !== 0x09
    return this.#flowLevel === 0 && (code === 0x3f || code === 0x3a) && !isBlankOrEnd(next)
  }

  /**
   * Steps over blanks, comments and line breaks. Tabs don't indent: they may not stand
   * where a key could start.
   */
  #skipToToken(): void {
    const cursor = this.#cursor
    for (;;) {
      const tabs = this.#flowLevel > 0 || !this.#simpleKeyAllowed
      let code = cursor.peek()
      while (code === 0x20 || (tabs && code === 0x09)) {
        cursor.offset++
        code = cursor.peek()
      }
      if (code === 0x23) {
        cursor.skipLine()
        code = cursor.peek()
      }
      if (!isBreak(code)) return
      cursor.skipBreak()
      if (this.#flowLevel === 0) this.#simpleKeyAllowed = true
    }
  }

  #fetchStreamEnd(): void {
    const cursor = this.#cursor
    if (cursor.column !== 0) {
      cursor.columnBase = cursor.offset
      cursor.line++
    }
    this.#endDocumentPart()
    this.#push(new Token(T.streamEnd, cursor.length, cursor.length, cursor.line, 0))
  }

  #endDocumentPart(): void {
    this.#unrollIndent(-1, this.#cursor.mark())
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = false
  }

  #fetchFlowStart(type: number): void {
    this.#saveSimpleKey()
    this.#simpleKeys.push(undefined)
    this.#flowLevel++
    this.#checkDepth()
    this.#simpleKeyAllowed = true
    this.#indicator(type)
  }

  #fetchFlowEnd(type: number): void {
    this.#removeSimpleKey()
    if (this.#flowLevel > 0) {
      this.#flowLevel--
      this.#simpleKeys.pop()
    }
    this.#simpleKeyAllowed = false
    this.#indicator(type)
  }

  #fetchBlockEntry(): void {
    const cursor = this.#cursor
    if (this.#flowLevel === 0) {
      if (!this.#simpleKeyAllowed) {
        throw scannerError('block sequence entries are not allowed in this context', cursor.line, cursor)
      }
      this.#rollIndent(cursor.column, -1, T.blockSequenceStart, cursor.mark())
    }
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = true
    this.#indicator(T.blockEntry)
  }

  #fetchKey(): void {
    const cursor = this.#cursor
    if (this.#flowLevel === 0) {
      if (!this.#simpleKeyAllowed) {
        throw scannerError('mapping keys are not allowed in this context', cursor.line, cursor)
      }
      this.#rollIndent(cursor.column, -1, T.blockMappingStart, cursor.mark())
    }
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = this.#flowLevel === 0
    this.#indicator(T.key)
  }

  #fetchValue(): void {
    const cursor = this.#cursor
    const key = this.#simpleKeys.at(-1)
    if (key !== undefined && this.#stillPossible(key)) {
      const at = this.#head + key.tokenNumber - this.#taken
      this.#insert(at, new Token(T.key, key.offset, key.offset, key.line, key.column))
      this.#rollIndent(key.column, at, T.blockMappingStart, key)
      key.possible = false
      this.#simpleKeyAllowed = false
    } else {
      if (this.#flowLevel === 0) {
        if (!this.#simpleKeyAllowed) {
          throw scannerError('mapping values are not allowed in this context', cursor.line, cursor)
        }
        this.#rollIndent(cursor.column, -1, T.blockMappingStart, cursor.mark())
      }
      this.#simpleKeyAllowed = this.#flowLevel === 0
    }
    this.#indicator(T.value)
  }

  #fetchBlockScalar(style: 'literal' | 'folded'): void {
    this.#removeSimpleKey()
    this.#simpleKeyAllowed = true
    this.#push(scanBlockScalar(this.#cursor, style, this.#indent))
  }

  #insert(at: number, token: Token): void {
    this.#tokens.splice(at, 0, token)
  }

  #startSimpleKey(): void {
    this.#saveSimpleKey()
    this.#simpleKeyAllowed = false
  }

  /** Remembers that a key may start here, if keys may. */
  #saveSimpleKey(): void {
    if (!this.#simpleKeyAllowed) return
    const cursor = this.#cursor
    this.#removeSimpleKey()
    const key: SimpleKey = {
      possible: true,
      required: this.#flowLevel === 0 && this.#indent === cursor.column,
      tokenNumber: this.#taken + this.#tokens.length - this.#head,
      offset: cursor.offset,
      line: cursor.line,
      column: cursor.column,
    }
    this.#simpleKeys[this.#simpleKeys.length - 1] = key
    this.#unattachedKey = key
  }

  #removeSimpleKey(): void {
    const key = this.#simpleKeys.at(-1)
    if (key?.possible !== true) return
    if (key.required) throw scannerError("could not find expected ':'", key.line, this.#cursor)
    key.possible = false
  }

  #stillPossible(key: SimpleKey): boolean {
    if (!key.possible) return false
    const cursor = this.#cursor
    if (key.line < cursor.line || key.offset + maxSimpleKeyLength < cursor.offset) {
      if (key.required) throw scannerError("could not find expected ':'", key.line, cursor)
      key.possible = false
    }
    return key.possible
  }

  /** Opens a block collection when the column is right of the current indentation. */
  #rollIndent(column: number, at: number, type: number, mark: Mark): void {
    if (this.#flowLevel > 0 || this.#indent >= column) return
    this.#indents.push(this.#indent)
    this.#indent = column
    this.#checkDepth()
    const token = new Token(type, mark.offset, mark.offset, mark.line, mark.column)
    if (at === -1) this.#tokens.push(token)
    else this.#insert(at, token)
  }

  /** Closes the block collections that are indented further than the column. */
  #unrollIndent(column: number, mark: Mark): void {
    if (this.#flowLevel > 0) return
    while (this.#indent > column) {
      this.#tokens.push(new Token(T.blockEnd, mark.offset, mark.offset, mark.line, mark.column))
      this.#indent = present(this.#indents.pop())
    }
  }

  #checkDepth(): void {
    if (this.#flowLevel + this.#indents.length > maxDepth) {
      throw scannerError(`exceeded max depth of ${maxDepth}`, this.#cursor.line, this.#cursor)
    }
  }
}
