import { displayWidth } from './display-width.ts'
import { oneLine } from './prose.ts'

/** A cell. Numbers stand right-aligned. */
export type Cell = string | number

/**
 * A table in light box drawing with an upper-cased header, as the original prints it. No rows: nothing at all, not even the
 * header. Ends in a line break.
 */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return ''
  const titles = header.map((title) => title.toUpperCase())
  const widths = titles.map((title, column) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(oneLine(String(row[column] ?? ''))))),
  )
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right
  const line = (cells: readonly Cell[]) =>
    `│${widths.map((width, column) => ` ${align(cells[column] ?? '', width)} `).join('│')}│`
  return [rule('┌', '┬', '┐'), line(titles), rule('├', '┼', '┤'), ...rows.map(line), rule('└', '┴', '┘'), ''].join('\n')
}

function align(cell: Cell, width: number): string {
  const text = oneLine(String(cell))
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return typeof cell === 'number' ? space + text : text + space
}
