import { type Json, JsonNumber } from './json.ts'
import { present } from './present.ts'

/** Text that is not JSON. `message` is the cause alone, such as `unexpected EOF`. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
  /** The place where reading stopped, in UTF-16 code units. */
  readonly offset: number
  /** The message without any character of the text. */
  readonly discreet: string

  constructor(cause: string, offset: number, discreet = cause) {
    super(cause)
    this.offset = offset
    this.discreet = discreet
  }
}

/** Deeper JSON is refused, so that nothing that walks a value can run out of stack. */
const maxDepth = 1000

/** Reads one JSON value that fills the whole text. Throws `JsonSyntaxError`. */
export function parseJson(text: string): Json {
  const reader = new Reader(text)
  const value = reader.document()
  reader.end()
  return value
}

/** Reads the first JSON value and looks at nothing after it. Throws `JsonSyntaxError`. */
export function parseJsonPrefix(text: string): Json {
  return new Reader(text).document()
}

const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', '/': '/' }
const loneSurrogate = /[\ud800-\udfff]/gu

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Json {
    this.#space()
    if (this.#at >= this.#text.length) throw new JsonSyntaxError('EOF', this.#at)
    return this.#value(0)
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) this.#fail('after top-level value')
  }

  #value(depth: number): Json {
    if (depth > maxDepth) throw new JsonSyntaxError('exceeded max depth', this.#at)
    this.#space()
    const c = this.#text[this.#at]
    if (c === '{') return this.#object(depth)
    if (c === '[') return this.#array(depth)
    if (c === '"') return this.#string()
    if (c === 't') return this.#literal('true', true)
    if (c === 'f') return this.#literal('false', false)
    if (c === 'n') return this.#literal('null', null)
    if (c === '-' || (c !== undefined && c >= '0' && c <= '9')) return this.#number()
    return this.#fail('looking for beginning of value')
  }

  #object(depth: number): Json {
    this.#at++
    const object: Record<string, Json> = Object.create(null)
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return object
    }
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string')
      const key = this.#string()
      this.#space()
      if (this.#text[this.#at] !== ':') this.#fail('after object key')
      this.#at++
      object[key] = this.#value(depth + 1)
      this.#space()
      const c = this.#text[this.#at]
      if (c !== ',' && c !== '}') this.#fail('after object key:value pair')
      this.#at++
      if (c === '}') return object
    }
  }

  #array(depth: number): Json {
    this.#at++
    const array: Json[] = []
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return array
    }
    for (;;) {
      array.push(this.#value(depth + 1))
      this.#space()
      const c = this.#text[this.#at]
      if (c !== ',' && c !== ']') this.#fail('after array element')
      this.#at++
      if (c === ']') return array
    }
  }

  #string(): string {
    const text = this.#text
    let out = ''
    let from = ++this.#at
    for (;;) {
      const c = text.charCodeAt(this.#at)
      if (c === 0x22) break
      if (Number.isNaN(c) || c < 0x20) this.#fail('in string literal')
      if (c !== 0x5c) {
        this.#at++
        continue
      }
      out += text.slice(from, this.#at++)
      const escaped = text[this.#at]
      if (escaped === 'u') {
        this.#at++
        let code = 0
        for (let i = 0; i < 4; i++, this.#at++) {
          const digit = text[this.#at] ?? ''
          if (!/^[0-9a-fA-F]$/.test(digit)) this.#fail('in \\u hexadecimal character escape')
          code = code * 16 + Number.parseInt(digit, 16)
        }
        out += String.fromCharCode(code)
      } else {
        const plain = escaped === undefined ? undefined : escapes[escaped]
        if (plain === undefined) this.#fail('in string escape code')
        out += plain
        this.#at++
      }
      from = this.#at
    }
    out += text.slice(from, this.#at++)
    return out.replace(loneSurrogate, '\ufffd')
  }

  #literal<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++, this.#at++)
      if (this.#text[this.#at] !== word[i]) this.#fail(`in literal ${word} (expecting '${word[i]}')`)
    return value
  }

  #number(): JsonNumber {
    const from = this.#at
    if (this.#text[this.#at] === '-') this.#at++
    if (this.#text[this.#at] === '0') this.#at++
    else this.#digits('in numeric literal')
    if (this.#text[this.#at] === '.') {
      this.#at++
      this.#digits('after decimal point in numeric literal')
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at++
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++
      this.#digits('in exponent of numeric literal')
    }
    return new JsonNumber(this.#text.slice(from, this.#at))
  }

  #digits(context: string): void {
    const from = this.#at
    while (this.#at < this.#text.length && present(this.#text[this.#at]) >= '0' && present(this.#text[this.#at]) <= '9')
      this.#at++
    if (this.#at === from) this.#fail(context)
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at)
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return
      this.#at++
    }
  }

  #fail(context: string): never {
    const code = this.#text.codePointAt(this.#at)
    if (code === undefined) throw new JsonSyntaxError('unexpected EOF', this.#at)
    const cause = `invalid character ${quoteFirstByte(code)} ${context}`
    throw new JsonSyntaxError(cause, this.#at, `invalid character ${context}`)
  }
}

/**
 * Errors speak of bytes, so a character beyond ASCII is shown as the first byte of its UTF-8 form.
 */
function quoteFirstByte(code: number): string {
  // A lone low surrogate stands for a byte that is no UTF-8 (U+DC00 plus the byte).
  const byte =
    code >= 0xdc80 && code <= 0xdcff
      ? code - 0xdc00
      : code < 0x80
        ? code
        : code < 0x800
          ? 0xc0 | (code >> 6)
          : code < 0x10000
            ? 0xe0 | (code >> 12)
            : 0xf0 | (code >> 18)
  if (byte === 0x27) return "'\\''"
  if (byte === 0x5c) return "'\\\\'"
  const named: Record<number, string> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }
  if (named[byte] !== undefined) return `'${named[byte]}'`
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`
  if ((byte > 0x7f && byte <= 0xa0) || byte === 0xad) return `'\\u00${byte.toString(16)}'`
  return `'${String.fromCharCode(byte)}'`
}
