import { decode, type Node } from '../yaml/index.ts'
import { secretCalls } from './encrypt.ts'

/** A place at which a text holds an `fn::secret` in the clear. */
export interface PlaintextSecret {
  /** Counts from 1. */
  readonly line: number
  readonly inComment: boolean
}

/**
 * Finds every `fn::secret` of a file that is no ciphertext: in any document of a YAML stream, in
 * comments, and in text that is no YAML. A string that only speaks of `fn::secret` does not count,
 * nor does a placeholder in a comment, such as `<token>`.
 */
export function findPlaintextSecrets(text: string): readonly PlaintextSecret[] {
  if (!secretKey.test(text)) return []
  const found = new Map<number, PlaintextSecret>()
  let firstLine = 1
  // Such a line ends the document wherever it stands, in a block scalar too.
  for (const document of text.split(/^(?:---|\.\.\.)(?=\s|$)/m)) {
    for (const { offset, inComment } of placesIn(document)) {
      const line = firstLine + lineBreaks(document.slice(0, offset))
      if (!inComment || !found.has(line)) found.set(line, { line, inComment })
    }
    firstLine += lineBreaks(document)
  }
  return [...found.values()].sort((a, b) => a.line - b.line)
}

const secretKey = /fn::secret/i

interface Place {
  readonly offset: number
  readonly inComment: boolean
}

function* placesIn(document: string): Generator<Place> {
  if (!secretKey.test(document)) return
  const result = decode('', document)
  const spans: [start: number, end: number][] = []
  // What cannot be decoded whole is read as text.
  if (!result.failed) {
    for (const call of secretCalls(result)) {
      if (call.kind !== 'ciphertext') yield { offset: call.node.span?.start ?? 0, inComment: false }
    }
    if (result.node !== undefined) collectSpans(result.node, spans)
  }
  for (const match of document.matchAll(/fn::secret["']?[ \t]*:[ \t]*/gi)) {
    const offset = match.index
    if (spans.some(([start, end]) => start <= offset && offset < end)) continue
    if (!holdsNoSecret(document.slice(offset + match[0].length))) yield { offset, inComment: !result.failed }
  }
}

/** Spans of all keys and scalars, which the decoder has dealt with. */
function collectSpans(node: Node, spans: [start: number, end: number][]): void {
  if (node.kind === 'array') {
    for (const element of node.elements) collectSpans(element, spans)
  } else if (node.kind === 'object') {
    for (const { key, value } of node.entries) {
      collectSpans(key, spans)
      collectSpans(value, spans)
    }
  } else if (node.span !== undefined) spans.push([node.span.start, node.span.end])
}

/** True when a ciphertext, a placeholder or nothing follows, on this line or the next. */
function holdsNoSecret(rest: string): boolean {
  return /^(?:\r?\n[ \t]*#?)?[ \t]*(?:$|\{?[ \t]*["']?ciphertext["']?[ \t]*:|\r?\n|["']?(?:<[^<>\n]*>|\.\.\.|…|\*+|[xX]+)["']?[ \t]*\}?[ \t]*\r?(?:\n|$))/i.test(
    rest,
  )
}

function lineBreaks(text: string): number {
  return text.split('\n').length - 1
}
