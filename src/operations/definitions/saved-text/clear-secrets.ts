import { scanInterpolation } from '../../../language/index.ts'
import { hasFormOfSecret } from '../../../masking/index.ts'
import type { Node, PropertyPath } from '../../../yaml/index.ts'
import { looksLikeSecret } from '../secret-strength.ts'

/** A text of a definition that would be stored in the clear and is probably a secret. */
export interface ClearSecret {
  /** In the document. */
  readonly path: PropertyPath
  /** `undefined` when the text stands in a comment. */
  readonly node: Node | undefined
  /** Counts from 1. */
  readonly line: number
}

/** Nobody reads more of them, and each may take a look at large dictionaries. */
const MOST_FOUND = 100

/**
 * Finds the texts and numbers of a definition that look like secrets and are not encrypted:
 * anywhere in the document and, by their form, in comments. References are no part of a text.
 * `known` holds texts to pass over.
 */
export async function findClearSecrets(
  root: Node | undefined,
  text: string,
  known: () => ReadonlySet<string>,
): Promise<ClearSecret[]> {
  const found: ClearSecret[] = []
  for (const { node, path, name, content } of contentsOf(root, [], '')) {
    if (found.length >= MOST_FOUND) break
    const line = node.range?.begin.line ?? 1
    // What was there is not judged again: that takes longer than to know it.
    if (!known().has(content) && (await looksLikeSecret(name, literalText(content)))) found.push({ path, node, line })
  }
  for (const { comment, line } of commentsOf(root, text)) {
    if (found.length >= MOST_FOUND) break
    if (!known().has(comment) && hasFormOfSecret(comment)) found.push({ path: [], node: undefined, line })
  }
  return found
}

/** All texts and comments of a definition. */
export function textsOf(root: Node | undefined, text: string): Set<string> {
  const texts = new Set<string>()
  for (const { content } of contentsOf(root, [], '')) texts.add(content)
  for (const { comment } of commentsOf(root, text)) texts.add(comment)
  return texts
}

interface Content {
  readonly node: Node
  readonly path: PropertyPath
  /** The name of a value: its key, or the key of its parent where its own says nothing. */
  readonly name: string
  readonly content: string
}

/** Keys that say nothing about a value. */
const NO_NAME = /^(?:value|default|data|text|raw|content|current|previous|fn::.*)$/i

/**
 * Scalars that can hold a secret in the clear. Not those below `fn::secret`, which
 * is encrypted, nor schemas.
 */
function* contentsOf(node: Node | undefined, path: PropertyPath, name: string): Generator<Content> {
  switch (node?.kind) {
    case 'string':
      if (node.value !== '') yield { node, path, name, content: node.value }
      return
    case 'number':
      yield { node, path, name, content: node.text }
      return
    case 'array':
      for (const [index, element] of node.elements.entries()) yield* contentsOf(element, [...path, index], name)
      return
    case 'object':
      for (const { key, value } of node.entries) {
        const call = key.value.toLowerCase()
        if (call === 'fn::secret' || isIdentifier(path, key.value)) continue
        const isSchema = key.value === 'schema' && path.at(-1) === 'fn::validate'
        if (!isSchema) yield* contentsOf(value, [...path, key.value], NO_NAME.test(key.value) ? name : key.value)
      }
  }
}

/** The id of an access key, which providers and rotators keep in the clear beside the secret. */
function isIdentifier(path: PropertyPath, key: string): boolean {
  return key === 'accessKeyId' && path.some((each) => /^fn::(?:open|rotate)/.test(String(each)))
}

function literalText(text: string): string {
  if (!text.includes('$')) return text
  return scanInterpolation(text, () => {})
    .map((part) => part.text)
    .join('')
}

/** Lines with a `#` that stands in no key and no scalar. */
function* commentsOf(root: Node | undefined, text: string): Generator<{ comment: string; line: number }> {
  if (!text.includes('#')) return
  const spans: [start: number, end: number][] = []
  collectSpans(root, spans)
  spans.sort((a, b) => a[0] - b[0])
  let span = 0
  let line = 1
  let counted = 0
  for (const match of text.matchAll(/(?:^|[ \t])#[^\n]*/gm)) {
    const at = match.index + match[0].indexOf('#')
    while ((spans[span]?.[1] ?? Number.POSITIVE_INFINITY) <= at) span++
    if ((spans[span]?.[0] ?? Number.POSITIVE_INFINITY) <= at) continue
    line += text.slice(counted, at).split('\n').length - 1
    counted = at
    yield { comment: match[0].trim(), line }
  }
}

function collectSpans(node: Node | undefined, spans: [start: number, end: number][]): void {
  if (node?.kind === 'array') for (const element of node.elements) collectSpans(element, spans)
  else if (node?.kind === 'object') {
    for (const { key, value } of node.entries) {
      if (key.span !== undefined) spans.push([key.span.start, key.span.end])
      collectSpans(value, spans)
    }
  } else if (node?.span !== undefined) spans.push([node.span.start, node.span.end])
}
