import { quote } from '../syntax/index.ts'

/**
 * Strings of the language are byte strings: a decoded base64 value can hold bytes that are no UTF-8. Such a byte is kept in a
 * JavaScript string as a lone low surrogate, U+DC00 plus the byte, which no valid text contains.
 */
export function hasRawBytes(text: string): boolean {
  return !text.isWellFormed() && /[\udc80-\udcff]/u.test(text)
}

/** Text in quotes, as `quote` has it, with `\\xNN` for each byte that is no UTF-8. */
export function quoteBytes(text: string): string {
  if (!hasRawBytes(text)) return quote(text)
  const pieces = text.split(/([\udc80-\udcff])/u)
  const inner = pieces.map((piece, i) =>
    i % 2 === 0 ? quote(piece).slice(1, -1) : `\\x${(piece.charCodeAt(0) - 0xdc00).toString(16)}`,
  )
  return `"${inner.join('')}"`
}

/** The text as it is shown outside: U+FFFD for each byte that is no UTF-8. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.replace(/[\udc80-\udcff]/gu, '\ufffd')
}

const encoder = new TextEncoder()
let strictDecoder: InstanceType<typeof TextDecoder> | undefined

export function bytesOf(text: string): Uint8Array {
  if (!hasRawBytes(text)) return encoder.encode(text)
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00)
    else bytes.push(...encoder.encode(character))
  }
  return Uint8Array.from(bytes)
}

/** Throws for what is no UTF-8. */
function decodeStrictly(bytes: Uint8Array): string {
  strictDecoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return strictDecoder.decode(bytes)
}

export function textOf(bytes: Uint8Array): string {
  try {
    return decodeStrictly(bytes)
  } catch {
    return decodeLoosely(bytes)
  }
}

function decodeLoosely(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    text += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : decodeStrictly(bytes.subarray(at, at + length))
    at += Math.max(length, 1)
  }
  return text
}

/** How many bytes the character at `at` has; 0: no valid character begins there. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  for (let i = 1; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0
  const second = bytes[at + 1] ?? 0
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second >= 0xa0)) return 0
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second >= 0x90)) return 0
  return length
}

/** Puts pieces together; bytes that now form a character become one. */
export function join(pieces: readonly string[], delimiter = ''): string {
  const text = pieces.join(delimiter)
  return hasRawBytes(text) ? textOf(bytesOf(text)) : text
}

export function byteLength(text: string): number {
  return bytesOf(text).length
}
