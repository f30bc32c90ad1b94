const MASK = Buffer.from('[secret]')

/** Held-back bytes are let go after this much silence when there are few of them: a prompt must appear. */
export const IDLE_MS = 100
const IDLE_LIMIT = 2

/**
 * Replaces secrets in a stream of bytes, wherever chunks and lines break. Every byte that belongs to an occurrence of any
 * pattern is hidden; occurrences that overlap become one `[secret]`. Only bytes that may still turn out to begin a pattern are
 * held back.
 */
export class Redactor {
  readonly #automaton: Automaton
  #state = 0
  /** Bytes not written yet; the automaton stands at their end. */
  #held: Uint8Array = EMPTY
  /** Occurrences within `#held`, as pairs of offsets, in order and merged where they overlap. */
  #ranges: number[] = []
  /** Whether the mask of the first of them has been written already. */
  #masked = false

  constructor(patterns: Iterable<Uint8Array>) {
    this.#automaton = buildAutomaton(patterns)
  }

  /** Takes the next bytes and returns those that can be written. */
  push(chunk: Uint8Array): Uint8Array {
    const { next, classes, width, depth, match } = this.#automaton
    if (depth.length === 1) return chunk
    const heldLength = this.#held.length
    const ranges = this.#ranges
    let state = this.#state
    for (let i = 0; i < chunk.length; i++) {
      state = next[state * width + classes[chunk[i]!]!]!
      const length = match[state]!
      if (length > 0) addRange(ranges, heldLength + i + 1 - length, heldLength + i + 1)
    }
    this.#state = state
    if (heldLength > 0) this.#held = Buffer.concat([this.#held, chunk])
    else this.#held = chunk
    return this.#release(this.#held.length - depth[state]!)
  }

  /** Nothing has come for a while: what may be written of the few bytes held back. */
  idle(): Uint8Array {
    // Once written they cannot be hidden any more; of a secret that they turn out to begin, only the rest can.
    return this.#held.length <= IDLE_LIMIT ? this.#release(this.#held.length) : EMPTY
  }

  /** The end of the stream: everything that is left. */
  end(): Uint8Array {
    const rest = this.#release(this.#held.length)
    this.#state = 0
    return rest
  }

  /** Lets go the held bytes before `safe`: no occurrence to come begins there. */
  #release(safe: number): Uint8Array {
    const all = this.#held
    const ranges = this.#ranges
    const parts: Uint8Array[] = []
    let position = 0
    let done = 0
    while (done < ranges.length) {
      const start = Math.max(ranges[done]!, 0)
      const end = ranges[done + 1]!
      if (start >= safe) break
      if (start > position) parts.push(all.subarray(position, start))
      if (!(this.#masked && done === 0)) parts.push(MASK)
      // Another occurrence may still overlap one that reaches beyond `safe`: its mask is written, its end is open.
      if (end > safe) {
        this.#keep(all, safe, done, true)
        return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
      }
      position = end
      done += 2
    }
    if (safe > position) parts.push(all.subarray(position, safe))
    this.#keep(all, Math.max(safe, position), done, this.#masked && done === 0)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  #keep(all: Uint8Array, from: number, done: number, masked: boolean): void {
    // A copy: the chunk belongs to whoever handed it in.
    this.#held = from >= all.length ? EMPTY : all.slice(from)
    this.#ranges = this.#ranges.slice(done).map((offset) => offset - from)
    this.#masked = masked
  }
}

const EMPTY = new Uint8Array(0)

/** Ranges come ordered by their end; one that begins before the last ended is joined to it, and to those before. */
function addRange(ranges: number[], start: number, end: number): void {
  let from = start
  while (ranges.length > 0 && ranges[ranges.length - 1]! > from) {
    from = Math.min(from, ranges[ranges.length - 2]!)
    ranges.length -= 2
  }
  ranges.push(from, end)
}

/** Aho and Corasick's automaton with all transitions filled in: one table look-up a byte, whatever the number of patterns. */
interface Automaton {
  /** Next state by `state * width + class of byte`. */
  readonly next: Int32Array
  readonly classes: Uint8Array
  readonly width: number
  /** How many bytes up to here may begin a pattern. */
  readonly depth: Int32Array
  /** Length of the longest pattern that ends here; 0: none. */
  readonly match: Int32Array
}

function buildAutomaton(patterns: Iterable<Uint8Array>): Automaton {
  const list = [...patterns].filter((pattern) => pattern.length > 0)
  // Bytes that occur in no pattern share class 0.
  const classes = new Uint8Array(256)
  let width = 1
  let states = 1
  for (const pattern of list) {
    states += pattern.length
    for (const byte of pattern) if (classes[byte] === 0) classes[byte] = width++ & 0xff
  }
  // All 256 bytes in use: the last one to come wrapped round to class 0, which is then its own.
  if (width > 256) width = 256
  const next = new Int32Array(states * width)
  const depth = new Int32Array(states)
  const match = new Int32Array(states)
  let count = 1
  for (const pattern of list) {
    let state = 0
    for (const byte of pattern) {
      const slot = state * width + classes[byte]!
      if (next[slot] === 0) {
        depth[count] = depth[state]! + 1
        next[slot] = count++
      }
      state = next[slot]!
    }
    match[state] = pattern.length
  }
  fillTransitions(next, width, match, count)
  return { next, classes, width, depth, match }
}

function fillTransitions(next: Int32Array, width: number, match: Int32Array, count: number): void {
  const fallback = new Int32Array(count)
  const queue = new Int32Array(count)
  let tail = 0
  for (let c = 0; c < width; c++) {
    const child = next[c]!
    if (child !== 0) queue[tail++] = child
  }
  for (let head = 0; head < tail; head++) {
    const state = queue[head]!
    const back = fallback[state]!
    match[state] = Math.max(match[state]!, match[back]!)
    for (let c = 0; c < width; c++) {
      const slot = state * width + c
      const child = next[slot]!
      const other = next[back * width + c]!
      if (child === 0) {
        next[slot] = other
      } else {
        fallback[child] = other
        queue[tail++] = child
      }
    }
  }
}
