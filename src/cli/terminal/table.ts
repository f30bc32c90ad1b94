import { terminalWidth } from './display-width.ts'
import type { Io } from './io.ts'
import { oneLine } from './prose.ts'

/** A cell. Numbers stand right-aligned. */
export type Cell = string | number | PaintedCell

/** A text in a colour. */
export interface PaintedCell {
  readonly text: string
  readonly paint: (text: string) => string
}

export interface TableOptions {
  /**
   * Scripts read it as the hosted tool prints it: with lines around it, of any
   * width, also where it is piped.
   */
  readonly recorded?: boolean
}

type Row = readonly Cell[]

/** A word of a cell is broken only where it is wider than this. */
const LONG_WORD = 16

/**
 * A table with an upper-cased header: with lines around it on a terminal, where it is no
 * wider than that, and plain columns elsewhere. No rows: nothing at all, not even the
 * header. Ends in a line break.
 */
export function tableFor(
  io: Pick<Io, 'stdoutIsTerminal' | 'columns'>,
  header: readonly string[],
  rows: readonly Row[],
  { recorded = false }: TableOptions = {},
): string {
  if (rows.length === 0) return ''
  if (!io.stdoutIsTerminal) return recorded ? table(header, rows) : unboxed(header, rows, widthsOf(header, rows))
  if (io.columns === undefined) return table(header, rows)
  const inRoom = (room: number) => fitting(widthsOf(header, rows), leastWidthsOf(header, rows), room)
  const widths = inRoom(io.columns - 3 * header.length - 1)
  if (widths !== undefined) return boxed(header, rows, widths)
  // Without the lines there is more room.
  const narrower = inRoom(io.columns - 2 * (header.length - 1))
  return narrower === undefined ? records(header, rows, io.columns) : unboxed(header, rows, narrower)
}

/** A table in light box drawing, as wide as it is. */
export function table(header: readonly string[], rows: readonly Row[]): string {
  return rows.length === 0 ? '' : boxed(header, rows, widthsOf(header, rows))
}

function boxed(header: readonly string[], rows: readonly Row[], widths: readonly number[]): string {
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right
  const lines = (cells: Row) => linesOf(cells, widths).map((line) => `│${line.map((cell) => ` ${cell} `).join('│')}│`)
  return [
    rule('┌', '┬', '┐'),
    ...lines(header.map((title) => title.toUpperCase())),
    rule('├', '┼', '┤'),
    ...rows.flatMap(lines),
    rule('└', '┴', '┘'),
    '',
  ].join('\n')
}

function unboxed(header: readonly string[], rows: readonly Row[], widths: readonly number[]): string {
  const titles = header.map((title) => title.toUpperCase())
  return [titles, ...rows]
    .flatMap((cells) => linesOf(cells, widths))
    .map((line) => `${line.join('  ').trimEnd()}\n`)
    .join('')
}

/** For a terminal that is too narrow for columns: every row a block of lines. */
function records(header: readonly string[], rows: readonly Row[], columns: number): string {
  const titles = header.map((title) => `${title.toUpperCase()}:`)
  const width = Math.max(...titles.map(terminalWidth))
  const room = Math.max(1, columns - width - 1)
  const field = (title: string, cell: Cell) =>
    brokenInto(textOf(cell), room)
      .map((text, line) => `${(line === 0 ? title : '').padEnd(width)} ${painted(cell, text)}\n`)
      .join('')
  return rows.map((row) => titles.map((title, column) => field(title, row[column] ?? '')).join('')).join('\n')
}

function widthsOf(header: readonly string[], rows: readonly Row[]): number[] {
  return header.map((title, column) =>
    Math.max(terminalWidth(title.toUpperCase()), ...rows.map((row) => terminalWidth(textOf(row[column] ?? '')))),
  )
}

/** The widths at which columns can still be read: those of their longest words. */
function leastWidthsOf(header: readonly string[], rows: readonly Row[]): number[] {
  const longest = (cell: Cell) => Math.max(...textOf(cell).split(' ').map(terminalWidth))
  return header.map((title, column) =>
    Math.min(LONG_WORD, Math.max(longest(title), ...rows.map((row) => longest(row[column] ?? '')))),
  )
}

/**
 * Widths of columns that have so much room together: the widest give way.
 * Undefined: they could not be read.
 */
function fitting(widths: readonly number[], least: readonly number[], room: number): readonly number[] | undefined {
  const narrowedTo = (most: number) =>
    widths.map((width, column) => Math.max(Math.min(width, most), Math.min(width, least[column] as number)))
  const sum = (all: readonly number[]) => all.reduce((total, width) => total + width, 0)
  let most = Math.max(...widths)
  if (sum(narrowedTo(0)) > room) return undefined
  while (sum(narrowedTo(most)) > room) most--
  const narrowed = narrowedTo(most)
  // What is left over goes to the first columns that were made narrower.
  let left = room - sum(narrowed)
  return narrowed.map((width, column) => (width < (widths[column] as number) && left-- > 0 ? width + 1 : width))
}

/** The lines of a row: cells that are wider than their columns take several. */
function linesOf(cells: Row, widths: readonly number[]): string[][] {
  const broken = widths.map((width, column) => brokenInto(textOf(cells[column] ?? ''), width))
  const height = Math.max(...broken.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    widths.map((width, column) => aligned(cells[column] ?? '', broken[column]?.[line] ?? '', width)),
  )
}

function aligned(cell: Cell, text: string, width: number): string {
  const space = ' '.repeat(Math.max(0, width - terminalWidth(text)))
  if (typeof cell === 'number') return space + text
  return painted(cell, text) + space
}

function textOf(cell: Cell): string {
  return oneLine(String(typeof cell === 'object' ? cell.text : cell))
}

function painted(cell: Cell, text: string): string {
  return typeof cell === 'object' && text !== '' ? cell.paint(text) : text
}

/** Breaks a text between words, and words that are too wide anywhere. */
function brokenInto(text: string, width: number): string[] {
  if (terminalWidth(text) <= width) return [text]
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    if (current !== '' && terminalWidth(`${current} ${word}`) <= width) {
      current += ` ${word}`
      continue
    }
    if (current !== '') lines.push(current)
    const pieces = piecesOf(word, width)
    current = pieces.pop() ?? ''
    lines.push(...pieces)
  }
  return [...lines, current]
}

function piecesOf(word: string, width: number): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const character of word) {
    if (piece !== '' && terminalWidth(piece + character) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece]
}
