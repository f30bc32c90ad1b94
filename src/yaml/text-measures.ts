import { displayWidth, graphemes, graphemeWidth } from './display-width.ts'
import { utf8Length } from './source-map.ts'

/** Printable ASCII: each character takes one byte and one cell. */
const simple = /^[\x20-\x7e]*$/

/**
 * Measures how many bytes and terminal cells the beginning of a text takes, for any offset.
 * Measured once, since a text may have many references.
 */
export class TextMeasures {
  readonly #text: string
  /**
   * Start of each user-perceived character in UTF-16 units, with the bytes and cells before it.
   * Undefined for simple text.
   */
  readonly #starts: { readonly offsets: number[]; readonly bytes: number[]; readonly widths: number[] } | undefined

  constructor(text: string) {
    this.#text = text
    if (simple.test(text)) return
    const [offsets, bytes, widths] = [[0], [0], [0]] as [number[], number[], number[]]
    for (const grapheme of graphemes(text)) {
      offsets.push((offsets.at(-1) ?? 0) + grapheme.length)
      bytes.push((bytes.at(-1) ?? 0) + utf8Length(grapheme))
      widths.push((widths.at(-1) ?? 0) + graphemeWidth(grapheme))
    }
    this.#starts = { offsets, bytes, widths }
  }

  at(offset: number): { readonly bytes: number; readonly width: number } {
    if (this.#starts === undefined) return { bytes: offset, width: offset }
    const { offsets, bytes, widths } = this.#starts
    let low = 0
    let high = offsets.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((offsets[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    const from = offsets[low] ?? 0
    if (from === offset) return { bytes: bytes[low] ?? 0, width: widths[low] ?? 0 }
    const part = this.#text.slice(from, offset)
    return { bytes: (bytes[low] ?? 0) + utf8Length(part), width: (widths[low] ?? 0) + displayWidth(part) }
  }
}
