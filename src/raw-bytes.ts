import { spend } from './budget.ts'

/**
 * Strings of the language are byte strings: a decoded base64 value can hold bytes that are no
 * UTF-8. Such a byte is kept in a JavaScript string as a lone low surrogate, U+DC00 plus the byte,
 * which no valid text contains. Whatever encodes such a string as UTF-8 or JSON writes U+FFFD for
 * each of them; `bytesOf` gives the bytes.
 */
export function hasRawBytes(text: string): boolean {
  return !text.isWellFormed() && /[\udc80-\udcff]/u.test(text)
}

let encoder: InstanceType<typeof TextEncoder> | undefined
let strictDecoder: InstanceType<typeof TextDecoder> | undefined

export function bytesOf(text: string): Uint8Array {
  encoder ??= new TextEncoder()
  if (!hasRawBytes(text)) return encoder.encode(text)
  spend(text.length)
  const bytes = new Uint8Array(3 * text.length)
  let length = 0
  for (let at = 0; at < text.length; ) {
    // Everything up to the next raw byte is encoded at once.
    const from = at
    while (at < text.length && !isRawByte(text, at)) at++
    if (at > from) length += encoder.encodeInto(text.slice(from, at), bytes.subarray(length)).written
    else bytes[length++] = text.charCodeAt(at++) - 0xdc00
  }
  return bytes.slice(0, length)
}

/** True when a lone low surrogate that stands for a byte is at the offset. */
function isRawByte(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  if (unit < 0xdc80 || unit > 0xdcff) return false
  const before = at === 0 ? 0 : text.charCodeAt(at - 1)
  return before < 0xd800 || before > 0xdbff
}

/** The string that is made of UTF-16 units, or of the first `length` of them. */
export function stringOfUnits(units: Uint8Array | Uint16Array, length = units.length): string {
  const pieces: string[] = []
  for (let at = 0; at < length; at += 8192)
    pieces.push(String.fromCharCode(...units.subarray(at, Math.min(at + 8192, length))))
  return pieces.join('')
}

/** Throws for what is no UTF-8. */
function decodeStrictly(bytes: Uint8Array): string {
  strictDecoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return strictDecoder.decode(bytes)
}

export function decodeText(bytes: Uint8Array): string {
  try {
    return decodeStrictly(bytes)
  } catch {
    return decodeLoosely(bytes)
  }
}

function decodeLoosely(bytes: Uint8Array): string {
  spend(bytes.length)
  const pieces: string[] = []
  const raw = new Uint16Array(8192)
  for (let at = 0; at < bytes.length; ) {
    let held = 0
    while (at < bytes.length && held < raw.length && sequenceLength(bytes, at) === 0)
      raw[held++] = 0xdc00 + (bytes[at++] ?? 0)
    if (held > 0) pieces.push(stringOfUnits(raw, held))
    const from = at
    for (let length = 1; length > 0 && at < bytes.length; at += length) length = sequenceLength(bytes, at)
    if (at > from) pieces.push(decodeStrictly(bytes.subarray(from, at)))
  }
  return pieces.join('')
}

/** Returns the number of bytes of the character at `at`; 0: no valid character begins there. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  const second = bytes[at + 1] ?? 0
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second >= 0xa0)) return 0
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second >= 0x90)) return 0
  return length
}

/** Puts pieces together; bytes that now form a character become one. */
export function join(pieces: readonly string[], delimiter = ''): string {
  const text = pieces.join(delimiter)
  return hasRawBytes(text) ? decodeText(bytesOf(text)) : text
}

export function byteLength(text: string): number {
  return bytesOf(text).length
}
