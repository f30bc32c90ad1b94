import type { Node, Position, Range } from '../../yaml/index.ts'

/** A part of a document: offsets in UTF-16 code units, from `start` up to, not including, `end`. */
export interface DocumentPart {
  readonly start: number
  readonly end: number
}

/** Finds parts of a document by the ranges that the checker reports. */
export class DocumentOffsets {
  readonly #text: string
  readonly #starts: readonly number[]
  readonly #spans = new Map<string, DocumentPart>()

  constructor(text: string, root: Node | undefined) {
    this.#text = text
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#starts = starts
    if (root !== undefined) this.#collect(root)
  }

  /** Ranges of whole nodes are approximate: quotes, for instance, are not counted. */
  #collect(node: Node): void {
    if (node.range !== undefined && node.span !== undefined) this.#spans.set(keyOf(node.range), node.span)
    if (node.kind === 'array') for (const element of node.elements) this.#collect(element)
    if (node.kind !== 'object') return
    for (const { key, value } of node.entries) {
      this.#collect(key)
      this.#collect(value)
    }
  }

  partOf(range: Range): DocumentPart {
    const span = this.#spans.get(keyOf(range))
    if (span !== undefined) return span
    const start = this.offsetOf(range.begin)
    return { start, end: Math.max(start, this.offsetOf(range.end)) }
  }

  /** The offset of a line and column, both counted from 1, columns in code points. */
  offsetOf({ line, column }: Pick<Position, 'line' | 'column'>): number {
    const start = this.#starts[Math.max(0, line - 1)]
    if (start === undefined) return this.#text.length
    const end = this.endOfLine(line)
    let at = start
    for (let left = column - 1; left > 0 && at < end; left--) {
      at += (this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
    }
    return at
  }

  /** The offset at which a line ends, before its line break. */
  endOfLine(line: number): number {
    const next = this.#starts[line]
    if (next === undefined) return this.#text.length
    return this.#text[next - 2] === '\r' ? next - 2 : next - 1
  }
}

function keyOf({ begin, end }: Omit<Range, 'environment'>): string {
  return `${begin.line}:${begin.column}:${end.line}:${end.column}`
}
