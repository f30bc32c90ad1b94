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
  // Most calls are for one text, such as a key.
  if (typeof value === 'string') return quoteJson(value, format.escapeHtml ?? false)
  const pieces: string[] = []
  write(pieces, value, format, '\n')
  return pieces.join('')
}

/** Adds the text in pieces: putting it together at each level would make it many times over. */
function write(pieces: string[], value: Json, format: JsonFormat, newline: string): void {
  if (typeof value === 'string') pieces.push(quoteJson(value, format.escapeHtml ?? false))
  else if (value === null || typeof value !== 'object') pieces.push(String(value))
  else if (value instanceof JsonNumber) pieces.push(value.text)
  else if (Array.isArray(value)) writeList(pieces, value, format, newline)
  else writeObject(pieces, value as JsonObject, format, newline)
}

function writeList(pieces: string[], list: readonly Json[], format: JsonFormat, newline: string): void {
  if (list.length === 0) {
    pieces.push('[]')
    return
  }
  const inner = format.indent ? newline + ' '.repeat(format.indent) : ''
  let before = '['
  for (const item of list) {
    pieces.push(before, inner)
    write(pieces, item, format, inner)
    before = ','
  }
  pieces.push(format.indent ? newline : '', ']')
}

function writeObject(pieces: string[], object: JsonObject, format: JsonFormat, newline: string): void {
  const inner = format.indent ? newline + ' '.repeat(format.indent) : ''
  const colon = format.indent ? ': ' : ':'
  const keys = Object.keys(object)
  // Sorting takes more than looking whether somebody has.
  if (format.sortKeys && !isSorted(keys)) keys.sort(compareKeys)
  let before = '{'
  for (const key of keys) {
    const member = object[key]
    if (member === undefined) continue
    pieces.push(before, inner, quoteJson(key, format.escapeHtml ?? false), colon)
    write(pieces, member, format, inner)
    before = ','
  }
  if (before === '{') pieces.push('{}')
  else pieces.push(format.indent ? newline : '', '}')
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
