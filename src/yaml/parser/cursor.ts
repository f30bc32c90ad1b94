import { YamlSyntaxError } from './yaml-syntax-error.ts'

/**
 * A place in the text: offset in UTF-16 code units; line and column count from
 * 0, columns in code points.
 */
export interface Mark {
  readonly offset: number
  readonly line: number
  readonly column: number
}

const blank = 1
const lineBreak = 2
const end = 4
const word = 8

/** The class of each ASCII character; code 0 stands for the end of the text. */
const classes = new Uint8Array(128)
classes[0] = end
classes[0x20] = blank
classes[0x09] = blank
classes[0x0a] = lineBreak
classes[0x0d] = lineBreak
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-') {
  classes[character.charCodeAt(0)] = word
}

/** CR, LF, NEL, LS and PS end a line. */
export function isBreak(code: number): boolean {
  return code < 128 ? classes[code] === lineBreak : code === 0x85 || code === 0x2028 || code === 0x2029
}

/** A space or a tab. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** A blank, a break or the end of the text. */
export function isBlankOrEnd(code: number): boolean {
  return code < 128 ? ((classes[code] ?? 0) & (blank | lineBreak | end)) !== 0 : isBreak(code)
}

/** A break or the end of the text. */
export function isBreakOrEnd(code: number): boolean {
  return code < 128 ? ((classes[code] ?? 0) & (lineBreak | end)) !== 0 : isBreak(code)
}

/** An ASCII letter or digit, `_` or `-`: what anchors and tag handles are made of. */
export function isWord(code: number): boolean {
  return code < 128 && classes[code] === word
}

const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/

/** Walks over the text and knows the line and column it stands at. */
export class Cursor {
  /** The text, followed by a NUL that marks its end. */
  readonly text: string
  readonly length: number
  offset = 0
  line = 0
  /**
   * The number to subtract from the offset to get the column: the line's start,
   * plus one a surrogate pair.
   */
  columnBase = 0

  constructor(text: string) {
    if (forbidden.test(text)) throw new YamlSyntaxError('control characters are not allowed')
    this.text = `${text}\0`
    this.length = text.length
    if (text.charCodeAt(0) === 0xfeff) {
      this.offset = 1
      this.columnBase = 1
    }
  }

  get column(): number {
    return this.offset - this.columnBase
  }

  mark(): Mark {
    return { offset: this.offset, line: this.line, column: this.offset - this.columnBase }
  }

  /** The code unit `ahead` of the cursor; 0 at the end of the text. */
  peek(ahead = 0): number {
    const at = this.offset + ahead
    return at < this.length ? this.text.charCodeAt(at) : 0
  }

  /** Steps over one character that is no line break. */
  skip(): void {
    const code = this.text.charCodeAt(this.offset)
    if (code >= 0xd800 && code < 0xdc00) {
      this.offset += 2
      this.columnBase++
    } else {
      this.offset++
    }
  }

  /** Steps over one line break and returns what it stands for in a scalar. */
  skipBreak(): string {
    const code = this.text.charCodeAt(this.offset)
    this.offset += code === 0x0d && this.text.charCodeAt(this.offset + 1) === 0x0a ? 2 : 1
    this.line++
    this.columnBase = this.offset
    return code === 0x2028 || code === 0x2029 ? String.fromCharCode(code) : '\n'
  }

  /** Steps over everything up to the end of the line. */
  skipLine(): void {
    while (!isBreakOrEnd(this.peek())) this.skip()
  }

  /** True when `---` or `...` stands here, at the start of a line, as a word of its own. */
  atDocumentIndicator(): boolean {
    if (this.offset !== this.columnBase) return false
    const code = this.peek()
    return (
      (code === 0x2d || code === 0x2e) && this.peek(1) === code && this.peek(2) === code && isBlankOrEnd(this.peek(3))
    )
  }
}
