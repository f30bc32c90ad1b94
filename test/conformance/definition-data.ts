import { Lexer } from 'yaml'
import { JsonNumber } from '../../src/json.ts'
import type { Diagnostic, Node, Range } from '../../src/yaml/index.ts'

/** What a node says, without places. */
export function dataOf(node: Node | undefined): unknown {
  if (node === undefined) return null
  switch (node.kind) {
    case 'null':
      return null
    case 'number':
      return new JsonNumber(node.text)
    case 'array':
      return node.elements.map(dataOf)
    case 'object':
      return node.entries.map(({ key, value }) => [key.value, dataOf(value)])
    default:
      return node.value
  }
}

/** A range as recorded cases write it. */
export function recordedRange(range: Range) {
  const position = ({ line, column, byte }: Range['begin']) => ({ Line: line, Column: column, Byte: byte })
  return { Filename: range.environment, Start: position(range.begin), End: position(range.end) }
}

/** A diagnostic as recorded cases write it, less the members that are always empty. */
export function recordedDiagnostic({ severity, summary, range, path }: Diagnostic) {
  return {
    Severity: severity === 'error' ? 1 : 2,
    Summary: summary,
    Subject: range === undefined ? null : recordedRange(range),
    Path: path,
  }
}

/**
 * The comments of a YAML text, trimmed, in order. Found by a reader other than the one under test.
 */
export function commentsOf(text: string): string[] {
  return [...new Lexer().lex(text)].filter((token) => token.startsWith('#')).map((token) => token.trim())
}

/** The comments of `wanted` that `text` lacks. */
export function missingComments(text: string, wanted: string): string[] {
  const present = commentsOf(text)
  return commentsOf(wanted).filter((comment) => {
    const at = present.indexOf(comment)
    if (at !== -1) present.splice(at, 1)
    return at === -1
  })
}
