import type { Cursor, Mark } from './cursor.ts'
import { isBlank, isBlankOrEnd, isBreak, isBreakOrEnd, isWord } from './cursor.ts'
import { T, Token } from './token.ts'
import { scannerError } from './yaml-syntax-error.ts'

/**
 * Characters that may follow an anchor's name without a blank: `? : , ] } % @` and the backquote.
 */
const afterAnchor = '?:,]}%@`'

/** `&name` or `*name`. */
export function scanAnchor(cursor: Cursor, type: typeof T.anchor | typeof T.alias): Token {
  const { offset: start, line, column } = cursor.mark()
  cursor.skip()
  const nameStart = cursor.offset
  skipWord(cursor)
  const name = cursor.text.slice(nameStart, cursor.offset)
  const next = cursor.peek()
  if (name === '' || !(isBlankOrEnd(next) || afterAnchor.includes(String.fromCharCode(next)))) {
    throw scannerError('did not find expected alphabetic or numeric character', line, cursor)
  }
  return new Token(type, start, cursor.offset, line, column, name)
}

/** `!`, `!suffix`, `!!suffix`, `!handle!suffix` or `!<uri>`. */
export function scanTag(cursor: Cursor): Token {
  const mark = cursor.mark()
  let handle = ''
  let suffix: string
  if (cursor.peek(1) === 0x3c) {
    cursor.offset += 2
    suffix = scanUri(cursor, '', mark)
    if (cursor.peek() !== 0x3e) throw scannerError("did not find the expected '>'", mark.line, cursor)
    cursor.skip()
  } else {
    handle = scanHandle(cursor, mark)
    if (handle.length > 1 && handle.endsWith('!')) {
      suffix = scanUri(cursor, '', mark)
    } else {
      suffix = scanUri(cursor, handle, mark)
      handle = '!'
      if (suffix === '') {
        handle = ''
        suffix = '!'
      }
    }
  }
  if (!isBlankOrEnd(cursor.peek())) {
    throw scannerError('did not find expected whitespace or line break', mark.line, cursor)
  }
  return new Token(T.tag, mark.offset, cursor.offset, mark.line, mark.column, handle, 'plain', suffix)
}

/** `%YAML 1.1` or `%TAG handle prefix`. */
export function scanDirective(cursor: Cursor): Token {
  const mark = cursor.mark()
  cursor.skip()
  const nameStart = cursor.offset
  skipWord(cursor)
  const name = cursor.text.slice(nameStart, cursor.offset)
  if (name === '') throw scannerError('could not find expected directive name', mark.line, cursor)
  if (!isBlankOrEnd(cursor.peek())) {
    throw scannerError('found unexpected non-alphabetical character', mark.line, cursor)
  }

  let token: Token
  if (name === 'YAML') {
    skipBlanks(cursor)
    const major = scanVersionNumber(cursor, mark)
    if (cursor.peek() !== 0x2e) throw scannerError("did not find expected digit or '.' character", mark.line, cursor)
    cursor.skip()
    const minor = scanVersionNumber(cursor, mark)
    token = new Token(T.versionDirective, mark.offset, cursor.offset, mark.line, mark.column, `${major}.${minor}`)
  } else if (name === 'TAG') {
    skipBlanks(cursor)
    const handle = scanHandle(cursor, mark)
    if (handle !== '!' && !handle.endsWith('!')) {
      throw scannerError("did not find expected '!'", mark.line, cursor)
    }
    if (!isBlank(cursor.peek())) throw scannerError('did not find expected whitespace', mark.line, cursor)
    skipBlanks(cursor)
    const prefix = scanUri(cursor, '', mark)
    if (!isBlankOrEnd(cursor.peek())) {
      throw scannerError('did not find expected whitespace or line break', mark.line, cursor)
    }
    token = new Token(T.tagDirective, mark.offset, cursor.offset, mark.line, mark.column, handle, 'plain', prefix)
  } else {
    throw scannerError('found unknown directive name', mark.line, cursor)
  }

  skipBlanks(cursor)
  if (cursor.peek() === 0x23) cursor.skipLine()
  if (!isBreakOrEnd(cursor.peek())) {
    throw scannerError('did not find expected comment or line break', mark.line, cursor)
  }
  if (isBreak(cursor.peek())) cursor.skipBreak()
  return token
}

function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.peek())) cursor.skip()
}

function skipWord(cursor: Cursor): void {
  while (isWord(cursor.peek())) cursor.skip()
}

function scanVersionNumber(cursor: Cursor, context: Mark): number {
  const start = cursor.offset
  while (cursor.peek() >= 0x30 && cursor.peek() <= 0x39) cursor.skip()
  const digits = cursor.text.slice(start, cursor.offset)
  if (digits === '') throw scannerError('did not find expected version number', context.line, cursor)
  if (digits.length > 9) throw scannerError('found extremely long version number', context.line, cursor)
  return Number(digits)
}

/** `!`, `!!` or `!name!`; also `!name`, which is then the start of a suffix. */
function scanHandle(cursor: Cursor, context: Mark): string {
  if (cursor.peek() !== 0x21) throw scannerError("did not find expected '!'", context.line, cursor)
  const start = cursor.offset
  cursor.skip()
  skipWord(cursor)
  if (cursor.peek() === 0x21) cursor.skip()
  return cursor.text.slice(start, cursor.offset)
}

const uriCharacters = ";/?:@&=+$.,!~*'()[]%"

/** The rest of a tag, after `head`, with its %-escapes decoded. */
function scanUri(cursor: Cursor, head: string, context: Mark): string {
  const start = cursor.offset
  let uri = head.slice(1)
  let chunkStart = start
  for (;;) {
    const code = cursor.peek()
    if (code === 0x25) {
      uri += cursor.text.slice(chunkStart, cursor.offset) + scanUriEscape(cursor, context)
      chunkStart = cursor.offset
    } else if (code !== 0 && (isWord(code) || uriCharacters.includes(String.fromCharCode(code)))) {
      cursor.offset++
    } else {
      break
    }
  }
  if (head === '' && cursor.offset === start) {
    throw scannerError('did not find expected tag URI', context.line, cursor)
  }
  return uri + cursor.text.slice(chunkStart, cursor.offset)
}

/** One character written as the %-escapes of its UTF-8 bytes. */
function scanUriEscape(cursor: Cursor, context: Mark): string {
  const escapes = /^(?:%[0-9A-Fa-f]{2})+/.exec(cursor.text.slice(cursor.offset, cursor.offset + 12))?.[0]
  if (escapes === undefined) {
    throw scannerError('did not find URI escaped octet', context.line, cursor)
  }
  const first = Number.parseInt(escapes.slice(1, 3), 16)
  const width = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  try {
    const character = decodeURIComponent(escapes.slice(0, width * 3))
    cursor.offset += width * 3
    return character
  } catch {
    throw scannerError('found an incorrect leading UTF-8 octet', context.line, cursor)
  }
}
