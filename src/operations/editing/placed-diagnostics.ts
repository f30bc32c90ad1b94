import type { Text } from '../../rich-text.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import type { Analysis } from './analysis.ts'
import { DocumentOffsets, type DocumentPart } from './document-offsets.ts'

/** A diagnostic at the part of the document where an editor shows it. */
export interface PlacedDiagnostic {
  readonly severity: Diagnostic['severity']
  readonly part: DocumentPart
  /** The place in another environment that it is about: `app/base:3:5`. Undefined: it is here. */
  readonly place: string | undefined
  readonly summary: string
  readonly hint: Text | undefined
}

/** More of them are no help, and take an editor long to show. */
const MOST_DIAGNOSTICS = 500

/**
 * Places the diagnostics of an analysis. A mistake of an environment that it imports stands at the
 * import, and one without a place on the first line.
 */
export function placedDiagnostics(analysis: Analysis): PlacedDiagnostic[] {
  const offsets = new DocumentOffsets(analysis.text, analysis.node)
  const firstLine = () => ({ start: 0, end: offsets.endOfLine(1) })
  return analysis.diagnostics.slice(0, MOST_DIAGNOSTICS).map(({ severity, summary, range, noticedAt, hint }) => {
    const about = { severity, summary, hint, place: undefined }
    if (noticedAt !== undefined && noticedAt.environment === analysis.name) {
      const start = offsets.offsetOf(noticedAt)
      return { ...about, part: { start, end: Math.max(start, offsets.endOfLine(noticedAt.line)) } }
    }
    if (range === undefined || range.begin.line === 0) return { ...about, part: firstLine() }
    if (range.environment === analysis.name) return { ...about, part: offsets.partOf(range) }
    const place = `${range.environment}:${range.begin.line}:${range.begin.column}`
    const imported = analysis.declaration?.imports?.find(({ name }) => name?.value === range.environment)?.name?.span
    return { ...about, place, part: imported ?? firstLine() }
  })
}
