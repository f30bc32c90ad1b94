import { formatJson, type Json } from '../../json.ts'
import { escapedJson } from './prose.ts'
import { wordedData } from './wording.ts'

/**
 * A result as JSON for programs: two-space indentation, a final line break, nothing that
 * could be taken for markup; texts in the words of the terminal, with their remedies as data.
 */
export function toJsonText(value: unknown): string {
  return `${escapedJson(formatJson(wordedData(value) as Json, { indent: 2, escapeHtml: true }))}\n`
}
