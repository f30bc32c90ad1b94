import { type Diagnostic, placeOf } from '../../yaml/index.ts'
import { bold, red, underline, yellow } from './colour.ts'
import { shownLines } from './source-lines.ts'
import { worded } from './wording.ts'

/**
 * The text a diagnostic may point into. Ranges of any other environment are
 * shown without their source.
 */
export interface DiagnosticSource {
  readonly environment: string
  readonly text: string
}

/** Without a place first, then by environment, line and column. */
function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => {
    if (a.range === undefined || b.range === undefined) {
      if (a.range !== undefined) return 1
      if (b.range !== undefined) return -1
      return compare(a.summary, b.summary)
    }
    return (
      compare(a.range.environment, b.range.environment) ||
      a.range.begin.line - b.range.begin.line ||
      a.range.begin.column - b.range.begin.column
    )
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** One line a diagnostic: `environment:line:column: summary`. */
export function diagnosticLines(diagnostics: readonly Diagnostic[], colour: boolean): string {
  return listed(diagnostics, '', (diagnostic) => {
    const location = placeOf(diagnostic)
    const hint = diagnostic.hint === undefined ? '' : `  hint: ${worded(diagnostic.hint)}\n`
    if (location === undefined) return `${diagnostic.summary}\n${hint}`
    return `${colour ? red(location) : location}: ${diagnostic.summary}\n${hint}`
  })
}

/** Each diagnostic with the source lines it points at. */
export function diagnosticBlocks(
  diagnostics: readonly Diagnostic[],
  source: DiagnosticSource,
  colour: boolean,
): string {
  const lines = diagnostics.length === 0 ? [] : shownLines(source.text)
  return listed(diagnostics, '\n', (diagnostic) => block(diagnostic, source.environment, lines, colour))
}

/** Nobody reads more of them at a terminal. */
const maxShown = 200
const maxSummary = 2000

/** The first of the diagnostics, sorted, and how many more there are. */
function listed(diagnostics: readonly Diagnostic[], end: string, show: (each: Diagnostic) => string): string {
  const sorted = sortDiagnostics(diagnostics)
  const left = sorted.length - maxShown
  const texts = sorted.slice(0, maxShown).map((each) => show(shortened(each)))
  return texts.join('') + (left > 0 ? `… and ${left} more\n${end}` : '')
}

function shortened(diagnostic: Diagnostic): Diagnostic {
  const { summary } = diagnostic
  return summary.length <= maxSummary ? diagnostic : { ...diagnostic, summary: `${summary.slice(0, maxSummary)}…` }
}

function block(
  { severity, summary, range, noticedAt, hint }: Diagnostic,
  environment: string,
  lines: readonly string[],
  colour: boolean,
): string {
  const word = severity === 'error' ? 'Error' : 'Warning'
  const label = !colour ? word : severity === 'error' ? red(word) : yellow(word)
  const head = `${label}: ${summary}\n${hint === undefined ? '' : `hint: ${worded(hint)}\n`}\n`
  // The line is not shown: what is no YAML may be a secret whose quotes do not close.
  if (range === undefined) return noticedAt === undefined ? head : `${head}  on ${placeOf({ noticedAt })}\n\n`
  const { begin, end } = range
  if (range.environment !== environment) {
    return `${head}  on ${range.environment} line ${begin.line}:\n  (source code not available)\n\n`
  }
  // A range that ends at the beginning of a line does not reach into it.
  const last = end.line > begin.line && end.column <= 1 ? end.line - 1 : end.line
  let snippet = ''
  for (let number = begin.line; number <= Math.min(last, lines.length); number++) {
    const text = (lines[number - 1] ?? '').replace(/\r$/, '')
    const from = number === begin.line ? begin.column - 1 : 0
    const to = number === end.line ? end.column - 1 : text.length
    const shown = window(text, from, to)
    snippet += `${String(number).padStart(4)}: ${colour ? underlined(shown.text, shown.from, shown.to) : shown.text}\n`
    if (number - begin.line >= maxLines) break
  }
  return `${head}  on ${range.environment} line ${begin.line}:\n${snippet}\n`
}

/** Lines of one range, and characters of one line, that are shown. */
const maxLines = 100
const maxWidth = 1000

/** The part of a very long line that a range begins in. `from` and `to` are columns of it. */
function window(text: string, from: number, to: number): { text: string; from: number; to: number } {
  if (text.length <= maxWidth) return { text, from, to }
  const points = /^[\x00-\x7f]*$/.test(text) ? text : [...text]
  const start = Math.max(0, Math.min(from, points.length) - maxWidth / 4)
  const part = points.slice(start, start + maxWidth)
  const before = start > 0 ? '…' : ''
  const after = start + maxWidth < points.length ? '…' : ''
  const shift = before.length - start
  return {
    text: before + (typeof part === 'string' ? part : part.join('')) + after,
    from: from + shift,
    to: Math.min(to + shift, maxWidth + before.length),
  }
}

/** Columns count code points, strings UTF-16 units. */
function underlined(text: string, from: number, to: number): string {
  const points = [...text]
  const part = points.slice(from, Math.max(to, from)).join('')
  if (part === '') return text
  return points.slice(0, from).join('') + bold(underline(part)) + points.slice(to).join('')
}
