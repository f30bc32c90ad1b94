import { type Diagnostic, placeOf } from '../syntax/index.ts'
import { bold, red, underline, yellow } from './colour.ts'

/** The text a diagnostic may point into. Ranges of any other environment are shown without their source. */
export interface Source {
  readonly environment: string
  readonly text: string
}

/** Without a place first, then by environment, line and column. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
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
  return sortDiagnostics(diagnostics)
    .map((diagnostic) => {
      const location = placeOf(diagnostic)
      if (location === undefined) return `${diagnostic.summary}\n`
      return `${colour ? red(location) : location}: ${diagnostic.summary}\n`
    })
    .join('')
}

/** Each diagnostic with the source lines it points at. */
export function diagnosticBlocks(diagnostics: readonly Diagnostic[], source: Source, colour: boolean): string {
  return sortDiagnostics(diagnostics)
    .map((diagnostic) => block(diagnostic, source, colour))
    .join('')
}

function block({ severity, summary, range, noticedAt }: Diagnostic, source: Source, colour: boolean): string {
  const word = severity === 'error' ? 'Error' : 'Warning'
  const label = !colour ? word : severity === 'error' ? red(word) : yellow(word)
  const head = `${label}: ${summary}\n\n`
  // The line is not shown: what is no YAML may be a secret whose quotes do not close.
  if (range === undefined) return noticedAt === undefined ? head : `${head}  on ${placeOf({ noticedAt })}\n\n`
  const { begin, end } = range
  if (range.environment !== source.environment) {
    return `${head}  on ${range.environment} line ${begin.line}:\n  (source code not available)\n\n`
  }
  const lines = source.text.split('\n')
  // A range that ends at the beginning of a line does not reach into it.
  const last = end.line > begin.line && end.column <= 1 ? end.line - 1 : end.line
  let snippet = ''
  for (let number = begin.line; number <= Math.min(last, lines.length); number++) {
    const text = (lines[number - 1] ?? '').replace(/\r$/, '')
    const from = number === begin.line ? begin.column - 1 : 0
    const to = number === end.line ? end.column - 1 : text.length
    snippet += `${String(number).padStart(4)}: ${colour ? underlined(text, from, to) : text}\n`
  }
  return `${head}  on ${range.environment} line ${begin.line}:\n${snippet}\n`
}

/** Columns count code points, strings UTF-16 units. */
function underlined(text: string, from: number, to: number): string {
  const points = [...text]
  const part = points.slice(from, Math.max(to, from)).join('')
  if (part === '') return text
  return points.slice(0, from).join('') + bold(underline(part)) + points.slice(to).join('')
}
