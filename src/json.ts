/** A number kept as its literal text: `1`, `1.0` and `1e0` are three different numbers to the language. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** JSON whose numbers may keep their text. Objects read by `parseJson` have no prototype, so `__proto__` is an ordinary key. */
export type Json =
  | null
  | boolean
  | number
  | string
  | JsonNumber
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

export type JsonObject = { readonly [key: string]: Json | undefined }

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

/** Text that is not JSON. `message` is the cause alone, such as `unexpected EOF`. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
  /** Where reading stopped, in UTF-16 code units. */
  readonly offset: number

  constructor(cause: string, offset: number) {
    super(cause)
    this.offset = offset
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
    while (this.#at < this.#text.length && this.#text[this.#at]! >= '0' && this.#text[this.#at]! <= '9') this.#at++
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
    throw new JsonSyntaxError(`invalid character ${quoteFirstByte(code)} ${context}`, this.#at)
  }
}

/** Errors speak of bytes, so a character beyond ASCII is shown as the first byte of its UTF-8 form. */
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

export interface JsonFormat {
  /** Spaces a level; 0 (the default) writes everything on one line without blanks. */
  readonly indent?: number
  /** Object keys in byte order rather than in the order they have. Default false. */
  readonly sortKeys?: boolean
  /** Writes `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`. Default false. */
  readonly escapeHtml?: boolean
}

/** JSON text. Numbers that kept their text are written as that text. */
export function formatJson(value: Json, format: JsonFormat = {}): string {
  return write(value, format, '\n')
}

function write(value: Json, format: JsonFormat, newline: string): string {
  if (typeof value === 'string') return quoteJson(value, format.escapeHtml ?? false)
  if (value === null || typeof value !== 'object') return String(value)
  if (value instanceof JsonNumber) return value.text
  const inner = format.indent ? newline + ' '.repeat(format.indent) : ''
  const outer = format.indent ? newline : ''
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    const items: string[] = []
    for (const item of value) items.push(inner + write(item, format, inner))
    return `[${items.join(',')}${outer}]`
  }
  const object = value as JsonObject
  const keys = Object.keys(object)
  if (format.sortKeys) keys.sort(compareKeys)
  const colon = format.indent ? ': ' : ':'
  const members: string[] = []
  for (const key of keys) {
    const member = object[key]
    if (member !== undefined)
      members.push(inner + quoteJson(key, format.escapeHtml ?? false) + colon + write(member, format, inner))
  }
  return members.length === 0 ? '{}' : `{${members.join(',')}${outer}}`
}

function quoteJson(text: string, escapeHtml: boolean): string {
  let quoted = JSON.stringify(text)
  if (!text.isWellFormed() || text.includes('\u2028') || text.includes('\u2029')) {
    const pieces = text.split(loneSurrogate).map((piece) => JSON.stringify(piece).slice(1, -1))
    quoted = `"${pieces.join('\\ufffd').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}"`
  }
  const isMarkup = escapeHtml && (text.includes('<') || text.includes('>') || text.includes('&'))
  return isMarkup ? quoted.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`) : quoted
}

/** The order of keys everywhere: by the bytes of their UTF-8 form (which differs from UTF-16 order beyond the BMP). */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for characters above U+FFFF, so they sort after every other code unit. */
function byteRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** Whether a number as YAML writes it is one that JSON has no form for. */
export function isBeyondJson(text: string): boolean {
  return /^(NaN|[+-]Inf)$/.test(text)
}
