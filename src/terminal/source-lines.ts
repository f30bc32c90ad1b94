import { decode, type Node } from '../syntax/index.ts'
import { secretParts } from './secret-looks.ts'

const MASK = '[secret]'

/** Names of values that are mostly secrets. */
const SECRET_NAME = /passw|pwd|secret|token|credential|private|api_?key|access_?key|auth/i

/** What is said about a secret is none. */
const OTHER_NAME = /provider|file|path|url|name|arn|id$|type|length|lifetime/i

/**
 * The lines of a definition as a message may show them: without what stands below `fn::secret`, however that is spelt, texts whose
 * name says that they are secret, and comments. Other lines, and the number of all, stay.
 */
export function shownLines(text: string): string[] {
  const { node } = decode('', text)
  const spans: [start: number, end: number][] = []
  if (node !== undefined) collect(node, spans)
  let shown = ''
  let at = 0
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    if (start < at) continue
    // A secret of several lines leaves as many.
    const breaks = text.slice(start, end).match(/\n/g)?.join('') ?? ''
    shown += `${text.slice(at, start)}${MASK}${breaks}`
    at = end
  }
  shown += text.slice(at)
  // What cannot be decoded has no tree to tell by.
  return shown
    .split('\n')
    .map((line) =>
      line
        .replace(/(fn::sec\w*["']?\s*:\s*)(?!\[secret\]|\{?\s*["']?ciphertext)\S.*$/i, `$1${MASK}`)
        .replace(/(^|\s)#.*\S.*$/, '$1# …'),
    )
}

/**
 * What a definition may hold as a secret: the texts that `shownLines` leaves out, and words of letters and digits mixed, wherever
 * they stand.
 */
export function secretsIn(text: string): string[] {
  const { node } = decode('', text)
  const spans: [start: number, end: number][] = []
  if (node !== undefined) collect(node, spans)
  const found = spans.map(([start, end]) => text.slice(start, end))
  for (const [, argument = ''] of text.matchAll(/fn::sec\w*["']?\s*:\s*(\S.*)/gi)) {
    if (!/^\{?\s*["']?ciphertext/.test(argument)) found.push(argument)
  }
  const words = found.flatMap((each) => [each.replace(/^["']|["']$/g, ''), ...each.split(/[\s,"'[\]{}]+/)])
  return [...words, ...secretParts(text).slice(0, MOST_PARTS)]
}

/** More of them are those of a file that is all digests or ciphertexts. */
const MOST_PARTS = 2000

function collect(node: Node, spans: [start: number, end: number][]): void {
  if (node.kind === 'array') for (const element of node.elements) collect(element, spans)
  if (node.kind !== 'object') return
  for (const { key, value } of node.entries) {
    const isCiphertext =
      value.kind === 'object' && value.entries.length === 1 && value.entries[0]?.key.value === 'ciphertext'
    const isCall = /^fn::sec/i.test(key.value) && !isCiphertext
    const isNamed =
      SECRET_NAME.test(key.value) &&
      !OTHER_NAME.test(key.value) &&
      value.kind === 'string' &&
      !value.value.includes('${')
    if (!isCall && !isNamed) collect(value, spans)
    else if (value.span !== undefined && value.span.end > value.span.start)
      spans.push([value.span.start, value.span.end])
  }
}
