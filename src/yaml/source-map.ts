import type { Position } from './diagnostic.ts'
import { graphemes, graphemeWidth } from './display-width.ts'

/** Cells and bytes that the start of a line takes, after each of its user-perceived characters. */
interface LineTable {
  readonly columns: readonly number[]
  readonly bytes: readonly number[]
}

/**
 * Finds the byte that a line and column stand for, the way ESC always has: in lines of ASCII it is
 * exact; in others columns (which count code points) are taken for terminal cells, and on the last
 * line of a text without a final line feed it is 0.
 */
export class SourceMap {
  readonly #text: string
  /** Offsets, UTF-16, at which lines (separated by LF alone) start. */
  readonly #starts: number[] = [0]
  /** The same in UTF-8 bytes; empty when the text is ASCII, where both agree. */
  readonly #byteStarts: number[] = []
  /**
   * Tables of the lines that are not ASCII, made when first needed; `undefined` for ASCII lines.
   */
  readonly #tables = new Map<number, LineTable | undefined>()

  constructor(text: string) {
    this.#text = text
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
    if (/[^\x00-\x7f]/.test(text)) {
      let bytes = 0
      for (let line = 0; line < this.#starts.length; line++) {
        this.#byteStarts.push(bytes)
        bytes += utf8Length(text, this.#starts[line] ?? 0, this.#starts[line + 1] ?? text.length)
      }
    }
  }

  /** `line` and `column` count from 0. */
  position(line: number, column: number): Position {
    return { line: line + 1, column: column + 1, byte: this.#byte(line, column) }
  }

  #byte(line: number, column: number): number {
    if (line + 1 >= this.#starts.length) return 0
    if (this.#byteStarts.length === 0) return (this.#starts[line] ?? 0) + column
    const start = this.#byteStarts[line] ?? 0
    const table = this.#table(line)
    if (table === undefined) return start + column
    // The first character that reaches the column ends there; past the end of the line, the end.
    let low = 0
    let high = table.columns.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((table.columns[middle] ?? 0) < column) low = middle + 1
      else high = middle
    }
    return start + (table.bytes[low] ?? 0)
  }

  #table(line: number): LineTable | undefined {
    if (this.#tables.has(line)) return this.#tables.get(line)
    // Every line but the last, which has no bytes, ends before its line feed.
    const text = this.#text.slice(this.#starts[line], (this.#starts[line + 1] ?? 0) - 1)
    let table: LineTable | undefined
    if (/[^\x00-\x7f]/.test(text)) {
      const columns = [0]
      const bytes = [0]
      for (const grapheme of graphemes(text)) {
        columns.push((columns.at(-1) ?? 0) + graphemeWidth(grapheme))
        bytes.push((bytes.at(-1) ?? 0) + utf8Length(grapheme))
      }
      table = { columns, bytes }
    }
    this.#tables.set(line, table)
    return table
  }
}

/** Length in UTF-8 of a part of a text; lone surrogates count as the replacement character. */
export function utf8Length(text: string, start = 0, end = text.length): number {
  let bytes = end - start
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80) continue
    if (code < 0x800) {
      bytes += 1
    } else if (code >= 0xd800 && code < 0xdc00 && at + 1 < end && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      // Four bytes for two code units.
      bytes += 2
      at++
    } else {
      bytes += 2
    }
  }
  return bytes
}
