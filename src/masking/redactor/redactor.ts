import { isLineBreak, type Unbroken, withoutLineBreaks } from './line-breaks.ts'
import { PatternMatcher } from './pattern-matcher.ts'

const MASK = Buffer.from('[secret]')

/**
 * After this much silence, held-back bytes that give little away are let go: a prompt must appear.
 */
export const IDLE_MS = 25
/** The same where a line has ended: what wraps a secret writes its lines at once. */
export const LINE_END_MS = 3
/**
 * After this much silence on a terminal, what is still held back is shown as a mask:
 * somebody may be waiting for it.
 */
export const IMPATIENT_MS = 1000

/** So many bytes of any secret may be let go. */
const FREE_BYTES = 2
/** A quarter of longer secrets, but no more bytes than this. */
const FREE_BYTES_AT_MOST = 16

/**
 * Patterns of this many bytes are found also when line breaks stand inside, as in wrapped base64.
 */
const LEAST_WRAPPED = 8
const LEAST = 3

/** A stretch of bytes: from `start` up to, but without, `end`. */
interface Stretch {
  readonly start: number
  readonly end: number
}

interface Matchers {
  /** The matcher of patterns that line breaks do not hide. They have none themselves. */
  readonly wrapped: PatternMatcher
  /** The matcher of short ones, byte for byte. */
  readonly exact: PatternMatcher
}

/**
 * The patterns to be hidden, made ready once for any number of streams, when the first bytes
 * come: many programs print nothing, and end before it would be ready. Patterns of fewer
 * than three bytes are ignored.
 */
export class HiddenPatterns {
  readonly #patterns: () => Iterable<Uint8Array>
  #matchers: Matchers | undefined

  constructor(patterns: () => Iterable<Uint8Array>) {
    this.#patterns = patterns
  }

  get matchers(): Matchers {
    this.#matchers ??= matchersOf(this.#patterns())
    return this.#matchers
  }
}

function matchersOf(patterns: Iterable<Uint8Array>): Matchers {
  const wrapped = new Map<string, Uint8Array>()
  const exact = new Map<string, Uint8Array>()
  for (const pattern of patterns) {
    const unbroken = Buffer.from(withoutLineBreaks(pattern).bytes)
    if (unbroken.length >= LEAST_WRAPPED) wrapped.set(unbroken.toString('latin1'), unbroken)
    else if (pattern.length >= LEAST) exact.set(Buffer.from(pattern).toString('latin1'), pattern)
  }
  return { wrapped: new PatternMatcher([...wrapped.values()]), exact: new PatternMatcher([...exact.values()]) }
}

/**
 * Replaces secrets in a stream of bytes, wherever chunks and lines break. Every byte that belongs
 * to an occurrence of any pattern is hidden; occurrences that overlap become one `[secret]`. Only
 * bytes that may still turn out to begin a pattern are held back.
 */
export class Redactor {
  readonly #hidden: HiddenPatterns
  /**
   * The end of what has come: from the first byte on that may begin an
   * occurrence which is not complete.
   */
  #kept: Uint8Array = EMPTY
  /** So many bytes of it have been written, as they are or as a mask. */
  #written = 0
  /** The place where the last mask ends in it. What begins before belongs to the same mask. */
  #maskEnd = 0

  constructor(hidden: HiddenPatterns) {
    this.#hidden = hidden
  }

  /**
   * Takes the next bytes and returns those that can be written. The chunk
   * must not change afterwards.
   */
  push(chunk: Uint8Array): Uint8Array {
    const { wrapped, exact } = this.#hidden.matchers
    if (wrapped.longest + exact.longest === 0) return chunk
    const all = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    return this.#advance(all, this.#openStart(all))
  }

  /**
   * Nothing has come for `IDLE_MS`, or `LINE_END_MS`: what may be written of the bytes held back.
   */
  idle(): Uint8Array {
    const kept = this.#kept
    return Buffer.concat(this.#write(kept, this.#openStart(kept, true)))
  }

  /**
   * Nothing has come for `IMPATIENT_MS`: a mask for the bytes still held back. Should they begin no
   * secret, it hid too much.
   */
  impatient(): Uint8Array {
    if (this.#written >= this.#kept.length) return EMPTY
    this.#written = this.#kept.length
    this.#maskEnd = this.#kept.length
    return MASK
  }

  /** The end of the stream: everything that is left. */
  end(): Uint8Array {
    return this.#kept.length === 0 ? EMPTY : this.#advance(this.#kept, this.#kept.length)
  }

  /** True when bytes are held back. */
  get holds(): boolean {
    return this.#written < this.#kept.length
  }

  /** True when the last byte that came ended a line. */
  get atLineEnd(): boolean {
    return endsLine(this.#kept)
  }

  /** Writes what stands before `safe`, and keeps the rest: no occurrence to come begins before. */
  #advance(all: Uint8Array, safe: number): Uint8Array {
    const parts = this.#write(all, safe)
    this.#kept = all.subarray(safe)
    this.#written = Math.max(this.#written - safe, 0)
    this.#maskEnd = Math.max(this.#maskEnd - safe, 0)
    const [first] = parts
    return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
  }

  /** Writes the part of `all` up to `limit`, and of occurrences that begin before it. */
  #write(all: Uint8Array, limit: number): Uint8Array[] {
    const parts: Uint8Array[] = []
    for (const { start, end } of this.#occurrences(all)) {
      if (start >= this.#maskEnd) {
        if (start >= limit) break
        if (start > this.#written) parts.push(all.subarray(this.#written, start))
        parts.push(MASK)
      }
      this.#maskEnd = Math.max(this.#maskEnd, end)
      this.#written = Math.max(this.#written, this.#maskEnd)
    }
    if (limit > this.#written) {
      parts.push(all.subarray(this.#written, limit))
      this.#written = limit
    }
    return parts
  }

  /** In order of their beginnings. */
  #occurrences(all: Uint8Array): Stretch[] {
    const { wrapped, exact } = this.#hidden.matchers
    const found: Stretch[] = []
    if (wrapped.longest > 0) {
      const { bytes, place } = withoutLineBreaks(all)
      wrapped.find(bytes, (start, end) => found.push({ start: place(start), end: place(end - 1) + 1 }))
    }
    if (exact.longest > 0) {
      const before = found.length
      exact.find(all, (start, end) => found.push({ start, end }))
      if (before > 0 && found.length > before) found.sort((a, b) => a.start - b.start)
    }
    return found
  }

  /**
   * The first place from which on a pattern may begin; with `telling`, where too much of one would
   * be let go. Else the end.
   */
  #openStart(all: Uint8Array, telling = false): number {
    const { wrapped, exact } = this.#hidden.matchers
    let first = all.length
    for (const { start, shortest } of exact.openStarts(all)) {
      if (telling && givesLittleAway(all.length - start, shortest)) continue
      first = start
      break
    }
    if (wrapped.longest === 0) return first
    const tail = tailWithoutLineBreaks(all, wrapped.longest)
    const atLineEnd = endsLine(all)
    for (const { start, shortest } of wrapped.openStarts(tail.bytes)) {
      const count = tail.bytes.length - start
      // A line that ends here has most likely ended.
      if (telling && (givesLittleAway(count, shortest) || (atLineEnd && count <= shortest / 2))) continue
      return Math.min(first, tail.place(start))
    }
    return first
  }
}

const EMPTY = new Uint8Array(0)

function givesLittleAway(count: number, shortest: number): boolean {
  return count <= FREE_BYTES || count <= Math.min(shortest / 4, FREE_BYTES_AT_MOST)
}

function endsLine(text: Uint8Array): boolean {
  const last = text.at(-1)
  return last !== undefined && isLineBreak(last)
}

/**
 * As `withoutLineBreaks`, of the end of a text: at least so many bytes that are no line
 * breaks, if there are as many.
 */
function tailWithoutLineBreaks(text: Uint8Array, count: number): Unbroken {
  let from = text.length
  for (let left = count; from > 0 && left > 0; ) if (!isLineBreak(text[--from] ?? 0)) left--
  const { bytes, place } = withoutLineBreaks(text.subarray(from))
  return { bytes, place: (index) => place(index) + from }
}
