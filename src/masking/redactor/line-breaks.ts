const LF = 0x0a
const CR = 0x0d
/** Lines that are shorter on average are not worth a native call each. */
const SHORT_LINE = 32

/** A text without its line breaks, and where its bytes stood before. */
export interface Unbroken {
  /** Valid until the next call: the memory is used again. */
  readonly bytes: Uint8Array
  /** Place in the original of a byte. */
  place(index: number): number
}

export function isLineBreak(byte: number): boolean {
  return byte === LF || byte === CR
}

let memory = new Uint8Array(0)

/** Leaves out every CR and LF. A text without any is returned as it is. */
export function withoutLineBreaks(text: Uint8Array): Unbroken {
  const first = text.indexOf(LF)
  const hasCr = text.includes(CR)
  if (first === -1 && !hasCr) return { bytes: text, place: (index) => index }
  if (memory.length < text.length) memory = new Uint8Array(text.length * 2)
  const bytes = memory
  /** For each break: how many bytes come before it. */
  const breaks: number[] = []
  const length =
    hasCr || hasShortLines(text) ? copyByBytes(text, bytes, breaks) : copyByLines(text, first, bytes, breaks)
  return { bytes: bytes.subarray(0, length), place: (index) => index + countUpTo(breaks, index) }
}

function hasShortLines(text: Uint8Array): boolean {
  const count = Math.min(text.length, 1024)
  let breaks = 0
  for (let i = 0; i < count; i++) if (text[i] === LF) breaks++
  return breaks * SHORT_LINE > count
}

function copyByBytes(text: Uint8Array, into: Uint8Array, breaks: number[]): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] ?? 0
    into[length] = byte
    if (byte <= CR && isLineBreak(byte)) breaks.push(length)
    else length++
  }
  return length
}

function copyByLines(text: Uint8Array, first: number, into: Uint8Array, breaks: number[]): number {
  into.set(text)
  let length = first
  for (let at = first; at !== -1; ) {
    breaks.push(length)
    const from = at + 1
    at = text.indexOf(LF, from)
    const end = at === -1 ? text.length : at
    into.copyWithin(length, from, end)
    length += end - from
  }
  return length
}

/** Returns how many of the ascending numbers are at most `limit`. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1
    else high = middle
  }
  return low
}
