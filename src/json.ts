/**
 * A number kept as its literal text: `1`, `1.0` and `1e0` are three different
 * numbers to the language.
 */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * JSON whose numbers may keep their text. Objects read by `parseJson` have no prototype, so
 * `__proto__` is an ordinary key.
 */
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

/** True for what is JSON through and through: no function, date or `undefined` in a list. */
export function isData(value: unknown): value is Json {
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const each = rest.pop()
    if (each === null || each instanceof JsonNumber || typeof each === 'string' || typeof each === 'boolean') continue
    if (typeof each === 'number' && Number.isFinite(each)) continue
    if (typeof each !== 'object') return false
    const prototype = Object.getPrototypeOf(each)
    if (Array.isArray(each)) rest.push(...each)
    else if (prototype === null || prototype === Object.prototype) rest.push(...Object.values(each))
    else return false
  }
  return true
}

const loneSurrogate = /[\ud800-\udfff]/gu

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
  // Sorting takes more than looking whether somebody has.
  if (format.sortKeys && !isSorted(keys)) keys.sort(compareKeys)
  const colon = format.indent ? ': ' : ':'
  const members: string[] = []
  for (const key of keys) {
    const member = object[key]
    if (member !== undefined)
      members.push(inner + quoteJson(key, format.escapeHtml ?? false) + colon + write(member, format, inner))
  }
  return members.length === 0 ? '{}' : `{${members.join(',')}${outer}}`
}

function isSorted(keys: readonly string[]): boolean {
  for (let index = 1; index < keys.length; index++) {
    if (compareKeys(keys[index - 1] as string, keys[index] as string) > 0) return false
  }
  return true
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

/**
 * The order of keys everywhere: by the bytes of their UTF-8 form (which differs from
 * UTF-16 order beyond the BMP).
 */
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

/** True when a number as YAML writes it is one that JSON has no form for. */
export function isBeyondJson(text: string): boolean {
  return /^(NaN|[+-]Inf)$/.test(text)
}
