import { terminalWidth } from './display-width.ts'

const STYLE = /\x1b\[[0-9;]*m/g

/**
 * Breaks lines that are wider than a terminal between words. What follows a break is indented as
 * the line is; in a list of two columns, such as flags and what they do, as the second one. A word
 * that is wider than the terminal stays whole. Colours take no width.
 */
export function wrapLines(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => (widthOf(line) <= columns ? [line] : wrapped(line, columns)))
    .join('\n')
}

/**
 * A text in which a single line break is a space and an empty line begins a paragraph. Lines that
 * are indented, or of a list, stay.
 */
export function paragraphs(text: string): string {
  return text.replace(/(\S)\n(?=\S)(?![-*] |\d+\. )/g, '$1 ')
}

function wrapped(line: string, columns: number): string[] {
  const indent = indentOf(line, columns)
  const lines: string[] = []
  // Spaces at the beginning and between columns belong to the word that follows them.
  let current = ''
  for (const word of line.match(/\s*\S+/g) ?? []) {
    if (current === '' || widthOf(current + word) <= columns) {
      current += word
      continue
    }
    lines.push(current)
    current = indent + word.trimStart()
  }
  return [...lines, current]
}

function indentOf(line: string, columns: number): string {
  const plain = line.replace(STYLE, '')
  const [first = ''] = /^\s*(?:\$ |[-*] )?/.exec(plain) ?? []
  const [column = ''] = /^\s*\S.*?\s{2,}(?=\S)/.exec(plain) ?? []
  const width = column !== '' && terminalWidth(column) <= columns / 2 ? terminalWidth(column) : first.length
  return ' '.repeat(Math.min(width, Math.floor(columns / 2)))
}

function widthOf(line: string): number {
  return terminalWidth(line.replace(STYLE, ''))
}
