import { formatJson, type Json } from '../../json.ts'
import { escapedJson } from './prose.ts'

/**
 * A result as JSON for programs: two-space indentation, a final line break, nothing that
 * could be taken for markup.
 */
export function toJsonText(value: unknown): string {
  return `${escapedJson(formatJson(value as Json, { indent: 2, escapeHtml: true }))}\n`
}
