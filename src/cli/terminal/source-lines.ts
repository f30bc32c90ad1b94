import { hasFormOfSecret } from '../../masking/index.ts'
import { decode, type Node } from '../../yaml/index.ts'
import { secretParts } from './secret-looks.ts'

const MASK = '[secret]'

/** Names of values that are mostly secrets. */
const SECRET_NAME = /passw|pwd|secret|token|credential|private|api_?key|access_?key|auth/i

/** Matches names of things that are said about a secret and are none. */
const OTHER_NAME = /provider|file|path|url|name|arn|id$|type|length|lifetime/i

/**
 * The lines of a definition as a message may show them: without what stands below `fn::secret`,
 * however that is spelt, texts whose name or form says that they are secret, and comments. Other
 * lines, and the number of all, stay.
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
 * Returns whatever a definition may hold as a secret: the texts that `shownLines` leaves out, and
 * words of letters and digits mixed, wherever they stand.
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

/** Keys that say nothing about a value: its name is that of what it stands in. */
const NO_NAME = /^(?:value|default|data|text|raw|content|current|previous|fn::.*)$/i

function collect(node: Node, spans: [start: number, end: number][], name = ''): void {
  if (node.kind === 'array') for (const element of node.elements) collect(element, spans, name)
  if (node.kind === 'string' && isSecret(name, node.value)) addSpan(node, spans)
  if (node.kind !== 'object') return
  for (const { key, value } of node.entries) {
    const isCiphertext =
      value.kind === 'object' && value.entries.length === 1 && value.entries[0]?.key.value === 'ciphertext'
    if (/^fn::sec/i.test(key.value) && !isCiphertext) addSpan(value, spans)
    else collect(value, spans, NO_NAME.test(key.value) ? name : key.value)
  }
}

function isSecret(name: string, text: string): boolean {
  const isNamed = SECRET_NAME.test(name) && !OTHER_NAME.test(name) && !text.includes('${')
  return isNamed || hasFormOfSecret(text.replace(/\$\{[^}]*\}/g, ''))
}

function addSpan({ span }: Node, spans: [start: number, end: number][]): void {
  if (span !== undefined && span.end > span.start) spans.push([span.start, span.end])
}
