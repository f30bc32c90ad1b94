import { formatJson, type Json } from '../json.ts'

/** A result as JSON for programs: two-space indentation, a final line break, nothing that could be taken for markup. */
export function toJsonText(value: unknown): string {
  return `${formatJson(value as Json, { indent: 2, escapeHtml: true })}\n`
}
