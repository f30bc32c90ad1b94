/** Bytes that are looked at together. */
const GRAM = 3
const HASH_BITS = 18
/** Windows longer than this skip hardly faster. */
const LONGEST_WINDOW = 16
const SHIFT = 0x7f
const BEGINS = 0x80

/** A text that may still turn out to begin a pattern. */
export interface OpenStart {
  /** The place where it begins. It reaches to the end of the text. */
  readonly start: number
  /** Length of the shortest pattern that it may become. */
  readonly shortest: number
}

/**
 * Finds many byte sequences in a text at once, as Wu and Manber do ("A fast algorithm for
 * multi-pattern searching", 1994): a table tells from the last three bytes of a window how far the
 * window can move without missing a pattern, so most bytes are never looked at. The table takes
 * some microseconds to make, however many patterns there are.
 */
export class PatternMatcher {
  /** Length of the longest pattern; 0: there are none. */
  readonly longest: number
  readonly #window: number
  /** By hash of three bytes: how far to move; and a mark when a pattern begins with them. */
  readonly #table: Uint8Array
  /** By hash of the last three bytes of the window; the longest first. */
  readonly #endings: ReadonlyMap<number, readonly Uint8Array[]>
  /** By hash of the first three bytes. */
  readonly #beginnings: ReadonlyMap<number, readonly Uint8Array[]>
  /** The least length of patterns that begin with these one or two bytes. */
  readonly #one = new Map<number, number>()
  readonly #two = new Map<number, number>()

  /** Each pattern has at least three bytes. */
  constructor(patterns: readonly Uint8Array[]) {
    const sorted = [...patterns].sort((a, b) => b.length - a.length)
    this.longest = sorted[0]?.length ?? 0
    const window = Math.min(sorted.at(-1)?.length ?? GRAM, LONGEST_WINDOW)
    if (window < GRAM) throw new RangeError(`a pattern of ${window} bytes is too short`)
    this.#window = window
    this.#table = new Uint8Array(patterns.length === 0 ? 0 : 1 << HASH_BITS).fill(window - GRAM + 1)
    const endings = new Map<number, Uint8Array[]>()
    const beginnings = new Map<number, Uint8Array[]>()
    for (const pattern of sorted) {
      for (let end = GRAM; end <= window; end++) {
        const hash = hashAt(pattern, end - GRAM)
        this.#table[hash] = Math.min(this.#table[hash] ?? 0, window - end)
      }
      append(endings, hashAt(pattern, window - GRAM), pattern)
      append(beginnings, hashAt(pattern, 0), pattern)
      // The shortest comes last.
      this.#one.set(pattern[0] ?? 0, pattern.length)
      this.#two.set((pattern[0] ?? 0) | ((pattern[1] ?? 0) << 8), pattern.length)
    }
    for (const hash of beginnings.keys()) this.#table[hash] = (this.#table[hash] ?? 0) | BEGINS
    this.#endings = endings
    this.#beginnings = beginnings
  }

  /**
   * Calls `found` with each place where a pattern stands, in order of places, once: with
   * the longest pattern there.
   */
  find(text: Uint8Array, found: (start: number, end: number) => void): void {
    const table = this.#table
    const window = this.#window
    const { length } = text
    if (this.longest === 0) return
    for (let last = window - 1; last < length; ) {
      const hash = hashAt(text, last - 2)
      const shift = (table[hash] ?? 0) & SHIFT
      if (shift > 0) {
        last += shift
        continue
      }
      const start = last - window + 1
      for (const pattern of this.#endings.get(hash) ?? []) {
        if (start + pattern.length > length || !startsWith(text, start, pattern, pattern.length)) continue
        found(start, start + pattern.length)
        break
      }
      last++
    }
  }

  /**
   * Every place from which on the text may be the beginning of a pattern that has not ended
   * yet, in order of places.
   */
  *openStarts(text: Uint8Array): Generator<OpenStart> {
    const table = this.#table
    const { length } = text
    if (this.longest === 0) return
    let start = Math.max(0, length - this.longest + 1)
    for (; start <= length - GRAM; start++) {
      const hash = hashAt(text, start)
      if ((table[hash] ?? 0) < BEGINS) continue
      const shortest = this.#shortestOpen(text, start, hash)
      if (shortest !== undefined) yield { start, shortest }
    }
    for (start = Math.max(start, 0); start < length; start++) {
      const shortest =
        length - start === 2
          ? this.#two.get((text[start] ?? 0) | ((text[start + 1] ?? 0) << 8))
          : this.#one.get(text[start] ?? 0)
      if (shortest !== undefined) yield { start, shortest }
    }
  }

  #shortestOpen(text: Uint8Array, start: number, hash: number): number | undefined {
    const rest = text.length - start
    let shortest: number | undefined
    for (const pattern of this.#beginnings.get(hash) ?? []) {
      if (pattern.length > rest && startsWith(text, start, pattern, rest)) shortest = pattern.length
    }
    return shortest
  }
}

function hashAt(text: Uint8Array, at: number): number {
  const gram = (text[at] ?? 0) | ((text[at + 1] ?? 0) << 8) | ((text[at + 2] ?? 0) << 16)
  return Math.imul(gram, 0x9e3779b1) >>> (32 - HASH_BITS)
}

function startsWith(text: Uint8Array, at: number, pattern: Uint8Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (text[at + i] !== pattern[i]) return false
  return true
}

function append(map: Map<number, Uint8Array[]>, key: number, value: Uint8Array): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
