import type { Cursor } from './cursor.ts'
import { isBlank, isBlankOrEnd, isBreak, isBreakOrEnd } from './cursor.ts'
import { T, Token } from './token.ts'
import { scannerError } from './yaml-syntax-error.ts'

const comma = 0x2c
const colon = 0x3a
const hash = 0x23
const question = 0x3f

/** `[`, `]`, `{` or `}`. */
function isBracket(code: number): boolean {
  return code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d
}

/**
 * Returns how a run of line breaks reads inside a scalar: one becomes a space, of
 * more the first is dropped.
 */
function fold(leadingBreak: string, trailingBreaks: string): string {
  if (leadingBreak !== '\n') return leadingBreak + trailingBreaks
  return trailingBreaks === '' ? ' ' : trailingBreaks
}

/**
 * Returns the place where the plain text that starts at the cursor stops on this line; blanks at
 * its end included.
 */
function plainChunkEnd(cursor: Cursor, inFlow: boolean): number {
  const { text, length } = cursor
  let at = cursor.offset
  for (; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === colon) {
      if (isBlankOrEnd(at + 1 < length ? text.charCodeAt(at + 1) : 0)) break
    } else if (code <= 0x20) {
      break
    } else if (inFlow && (code === comma || code === question || isBracket(code))) {
      break
    } else if (code >= 0x85) {
      if (isBreak(code)) break
      if (code >= 0xd800 && code < 0xdc00) {
        at++
        cursor.columnBase++
      }
    }
  }
  return at
}

/**
 * A scalar without quotes. `indent` is what continuation lines must have at least. `multiline`
 * tells whether it went on to another line.
 */
export function scanPlain(cursor: Cursor, indent: number, inFlow: boolean): { token: Token; leadingBlanks: boolean } {
  const { offset: start, line, column } = cursor.mark()
  let value = ''
  let whitespace = ''
  let leadingBreak = ''
  let trailingBreaks = ''
  let leadingBlanks = false
  let end = start

  for (;;) {
    if (cursor.atDocumentIndicator() || cursor.peek() === hash) break

    const chunkStart = cursor.offset
    const chunkEnd = plainChunkEnd(cursor, inFlow)
    if (chunkEnd > chunkStart) {
      if (leadingBlanks) {
        value += fold(leadingBreak, trailingBreaks)
        leadingBlanks = false
        trailingBreaks = ''
      } else {
        value += whitespace
      }
      whitespace = ''
      value += cursor.text.slice(chunkStart, chunkEnd)
      cursor.offset = chunkEnd
      end = chunkEnd
    }

    let code = cursor.peek()
    if (!isBlank(code) && !isBreak(code)) break
    const blanksStart = cursor.offset
    for (; isBlank(code) || isBreak(code); code = cursor.peek()) {
      if (isBlank(code)) {
        if (leadingBlanks && cursor.column < indent && code === 0x09) {
          throw scannerError('found a tab character that violates indentation', line, cursor)
        }
        cursor.offset++
      } else if (leadingBlanks) {
        trailingBreaks += cursor.skipBreak()
      } else {
        leadingBreak = cursor.skipBreak()
        leadingBlanks = true
      }
    }
    if (!leadingBlanks) whitespace += cursor.text.slice(blanksStart, cursor.offset)

    if (!inFlow && cursor.column < indent) break
  }
  return { token: new Token(T.scalar, start, end, line, column, value), leadingBlanks }
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}

const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** The character an escape sequence stands for; the cursor is at its backslash. */
function scanEscape(cursor: Cursor, contextLine: number): string {
  const letter = String.fromCharCode(cursor.peek(1))
  const hexLength = (Object.hasOwn(hexLengths, letter) && hexLengths[letter]) || 0
  if (hexLength === 0) {
    const escaped = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined
    if (escaped === undefined || cursor.offset + 1 >= cursor.length) {
      throw scannerError('found unknown escape character', contextLine, cursor)
    }
    cursor.offset += 2
    return escaped
  }
  cursor.offset += 2
  const digits = cursor.text.slice(cursor.offset, cursor.offset + hexLength)
  if (digits.length < hexLength || !/^[0-9A-Fa-f]*$/.test(digits)) {
    throw scannerError('did not find expected hexdecimal number', contextLine, cursor)
  }
  const code = Number.parseInt(digits, 16)
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    throw scannerError('found invalid Unicode character escape code', contextLine, cursor)
  }
  cursor.offset += hexLength
  return String.fromCodePoint(code)
}

/** A scalar in single or double quotes. */
export function scanQuoted(cursor: Cursor, style: 'single' | 'double'): Token {
  const { offset: start, line, column } = cursor.mark()
  const quote = style === 'single' ? 0x27 : 0x22
  let value = ''
  cursor.skip()
  for (;;) {
    if (cursor.atDocumentIndicator()) throw scannerError('found unexpected document indicator', line, cursor)
    if (cursor.offset >= cursor.length) throw scannerError('found unexpected end of stream', line, cursor)

    let leadingBlanks = false
    let leadingBreak = ''
    let chunkStart = cursor.offset
    let code = cursor.peek()
    for (; !isBlankOrEnd(code); code = cursor.peek()) {
      if (code === quote) {
        if (style === 'double' || cursor.peek(1) !== quote) break
        value += cursor.text.slice(chunkStart, cursor.offset + 1)
        cursor.offset += 2
        chunkStart = cursor.offset
      } else if (code === 0x5c && style === 'double') {
        value += cursor.text.slice(chunkStart, cursor.offset)
        if (isBreak(cursor.peek(1))) {
          cursor.skip()
          cursor.skipBreak()
          leadingBlanks = true
          chunkStart = cursor.offset
          break
        }
        value += scanEscape(cursor, line)
        chunkStart = cursor.offset
      } else {
        cursor.skip()
      }
    }
    value += cursor.text.slice(chunkStart, cursor.offset)
    code = cursor.peek()
    if (code === quote) break

    let whitespace = ''
    let trailingBreaks = ''
    for (; isBlank(code) || isBreak(code); code = cursor.peek()) {
      if (isBlank(code)) {
        if (!leadingBlanks) whitespace += String.fromCharCode(code)
        cursor.offset++
      } else if (leadingBlanks) {
        trailingBreaks += cursor.skipBreak()
      } else {
        leadingBreak = cursor.skipBreak()
        leadingBlanks = true
      }
    }
    if (!leadingBlanks) value += whitespace
    else if (leadingBreak === '') value += trailingBreaks
    else value += fold(leadingBreak, trailingBreaks)
  }
  cursor.skip()
  return new Token(T.scalar, start, cursor.offset, line, column, value, style)
}

/**
 * A literal (`|`) or folded (`>`) block scalar; `parentIndent` is the indentation of
 * the collection around it.
 */
export function scanBlockScalar(cursor: Cursor, style: 'literal' | 'folded', parentIndent: number): Token {
  const { offset: start, line, column } = cursor.mark()
  cursor.skip()
  const { chomping, increment } = scanBlockHeader(cursor, line)
  let end = cursor.offset
  if (cursor.offset < cursor.length) cursor.skipBreak()

  let indent = increment === 0 ? 0 : parentIndent >= 0 ? parentIndent + increment : increment
  let value = ''
  let leadingBreak = ''
  let leadingBlank = false

  const scanBreaks = (): string => {
    let breaks = ''
    let widest = 0
    for (;;) {
      while ((indent === 0 || cursor.column < indent) && cursor.peek() === 0x20) cursor.offset++
      widest = Math.max(widest, cursor.column)
      if ((indent === 0 || cursor.column < indent) && cursor.peek() === 0x09) {
        throw scannerError('found a tab character where an indentation space is expected', line, cursor)
      }
      if (!isBreak(cursor.peek())) break
      breaks += cursor.skipBreak()
    }
    if (indent === 0) indent = Math.max(widest, parentIndent + 1, 1)
    return breaks
  }

  let trailingBreaks = scanBreaks()
  while (cursor.column === indent && cursor.offset < cursor.length) {
    const trailingBlank = isBlank(cursor.peek())
    if (style === 'folded' && leadingBreak === '\n' && !leadingBlank && !trailingBlank) {
      if (trailingBreaks === '') value += ' '
    } else {
      value += leadingBreak
    }
    value += trailingBreaks
    leadingBlank = trailingBlank
    const lineStart = cursor.offset
    cursor.skipLine()
    end = cursor.offset
    value += cursor.text.slice(lineStart, end)
    leadingBreak = cursor.offset < cursor.length ? cursor.skipBreak() : ''
    trailingBreaks = scanBreaks()
  }
  if (chomping !== 'strip') value += leadingBreak
  if (chomping === 'keep') value += trailingBreaks
  return new Token(T.scalar, start, end, line, column, value, style)
}

/**
 * `-` strips and `+` keeps line breaks at the end; a digit gives the indentation. Both
 * may stand in either order.
 */
function scanBlockHeader(
  cursor: Cursor,
  contextLine: number,
): { chomping: 'strip' | 'clip' | 'keep'; increment: number } {
  let chomping: 'strip' | 'clip' | 'keep' = 'clip'
  let increment = 0
  const scanChomping = (): boolean => {
    const code = cursor.peek()
    if (code !== 0x2b && code !== 0x2d) return false
    chomping = code === 0x2b ? 'keep' : 'strip'
    cursor.skip()
    return true
  }
  const scanIncrement = (): void => {
    const digit = cursor.peek() - 0x30
    if (digit < 0 || digit > 9) return
    if (digit === 0) throw scannerError('found an indentation indicator equal to 0', contextLine, cursor)
    increment = digit
    cursor.skip()
  }
  const chompingFirst = scanChomping()
  scanIncrement()
  if (!chompingFirst && increment !== 0) scanChomping()

  while (isBlank(cursor.peek())) cursor.skip()
  if (cursor.peek() === hash) cursor.skipLine()
  if (!isBreakOrEnd(cursor.peek())) {
    throw scannerError('did not find expected comment or line break', contextLine, cursor)
  }
  return { chomping, increment }
}
