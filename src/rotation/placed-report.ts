import { RichText, type Text } from '../rich-text.ts'
import type { PathReport } from './report.ts'

/**
 * The report of a path with the environment and the path in the remedies that lack them: a rotator
 * knows neither.
 */
export function placedReport(report: PathReport, environment: string): PathReport {
  const { path, hint, notes } = report
  const placed = (text: Text): Text => (text instanceof RichText ? withPlace(text, { environment, path }) : text)
  return {
    ...report,
    ...(hint !== undefined && { hint: placed(hint) }),
    notes: notes.map(placed),
  }
}

function withPlace(text: RichText, { environment, path }: { readonly environment: string; readonly path: string }) {
  return text.mapRemedies((remedy) => {
    switch (remedy.do) {
      case 'adopt-credential':
      case 'forget-record':
      case 'retarget-record':
        return { environment, path, ...remedy }
      case 'resume-rotation':
      case 'show-journal':
        return { environment, ...remedy }
      default:
        return remedy
    }
  })
}
