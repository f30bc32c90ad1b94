import type { Node } from '../node.ts'
import { readYamlFragment } from './yaml-data.ts'

/** Returns a value in the style it has in its text; null for one that stands nowhere. */
export function fragmentOf(text: string, { span }: Node) {
  if (span === undefined) return null
  // Its further lines are indented, so the first must be as deep.
  const column = span.start - (text.lastIndexOf('\n', span.start - 1) + 1)
  return readYamlFragment(' '.repeat(column) + text.slice(span.start, span.end))
}
