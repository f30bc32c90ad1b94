import { decode, type Node, type PropertyPath } from '../../yaml/index.ts'
import { nodeAt } from './calls-at.ts'
import type { DocumentPart } from './document-offsets.ts'

/** The things that may be written at a place of a document that somebody is typing in. */
export type CompletionContext =
  /** A step of a reference: `keys` are the steps before it. */
  | { readonly kind: 'reference'; readonly part: DocumentPart; readonly keys: PropertyPath }
  /** The name of a member of the object at `path`. */
  | {
      readonly kind: 'key'
      readonly part: DocumentPart
      readonly path: PropertyPath
      /** The names that are there already. */
      readonly siblings: readonly string[]
      /** The document, with a mark where the name is to be. */
      readonly root: Node | undefined
      /** True when the object has nothing yet but this. */
      readonly alone: boolean
    }
  /** A scalar at `path`. */
  | {
      readonly kind: 'value'
      readonly part: DocumentPart
      readonly path: PropertyPath
      readonly root: Node | undefined
      /** Elements of the list that it is in. */
      readonly siblings: readonly string[]
      /** True when a name may stand here as well: nothing is before it on its line. */
      readonly alone: boolean
    }

/** Stands where something is to be written, so that the rest can be read. */
export const MARK = 'esc0completion0mark'

/** Finds what may be written at an offset, also in a text that is no YAML yet. */
export function completionContext(text: string, offset: number): CompletionContext | undefined {
  return referenceContext(text, offset) ?? documentContext(text, offset)
}

/** Within `${`, up to the brace or the end of the word. */
function referenceContext(text: string, offset: number): CompletionContext | undefined {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  const open = line.lastIndexOf('${')
  if (open === -1 || /[}\s]/.test(line.slice(open).replace(/\["[^"]*"?/g, ''))) return undefined
  // A doubled dollar sign begins no reference.
  let dollars = 0
  while (line[open - 1 - dollars] === '$') dollars++
  if (dollars % 2 === 1) return undefined
  const typed = line.slice(open + 2)
  const keys: (string | number)[] = []
  let at = 0
  for (const match of typed.matchAll(/\.?([^.[\]"]+)(?=[.[])|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]/gy)) {
    const [whole, name, quoted, index] = match
    keys.push(index === undefined ? (name ?? (quoted ?? '').replaceAll('\\"', '"')) : Number(index))
    at = match.index + whole.length
  }
  if (typed[at] === '.') at++
  const start = offset - (typed.length - at)
  const rest = /^[\p{L}\p{N}_-]*/u.exec(text.slice(offset))?.[0].length ?? 0
  return { kind: 'reference', part: { start, end: offset + rest }, keys }
}

function documentContext(text: string, offset: number): CompletionContext | undefined {
  const { before, part, lineStart } = wordAt(text, offset)
  if (/(?:^|\s)#/.test(before)) return undefined
  const prefix = text.slice(lineStart, part.start)
  const alone = /^[\s-]*$/.test(prefix) || /[{,]\s*$/.test(prefix)
  for (const { node } of readings(text, part)) {
    const found = node && markedContext(node, part, alone)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * A text that is YAML, in the place of one that is not yet, because of what is being typed at an
 * offset: that is `MARK` in it. Undefined: there is more that is wrong.
 */
export function readableText(text: string, offset: number): string | undefined {
  for (const { text: read, node } of readings(text, wordAt(text, offset).part)) {
    if (node !== undefined) return read
  }
  return undefined
}

function wordAt(text: string, offset: number) {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const before = text.slice(lineStart, offset)
  // Not an expression: those that end in `$` take the square of the length of a line.
  let start = offset
  while (start > lineStart && !/[\s,{}[\]"'#]/.test(text[start - 1] as string)) start--
  const rest = /^[^\s,{}[\]"'#:]*/.exec(text.slice(offset))?.[0] ?? ''
  return { before, lineStart, part: { start, end: offset + rest.length } }
}

/** The text with the mark in it, in ways in which it may be YAML: the likeliest first. */
function* readings(
  text: string,
  part: DocumentPart,
): Generator<{ readonly text: string; readonly node: Node | undefined }> {
  const whole = text.slice(part.end)
  const line = /^[^\n]*/.exec(whole)?.[0].trimEnd() ?? ''
  const marks = whole.trimStart().startsWith(':') ? [MARK] : [MARK, `${MARK}: `]
  const tails = [[whole, ['']] as const, [line, CLOSERS] as const]
  for (const [tail, closers] of tails) {
    for (const mark of marks) {
      for (const close of closers) {
        const marked = text.slice(0, part.start) + mark + tail + close
        yield { text: marked, node: decode('', marked).node }
      }
    }
  }
}

/** Ends that may be missing behind a line that is being typed. */
const CLOSERS = ['', ']', '}', '"', "'", '}}', ']}', '"]', '"}', '}]', '}}}']

function markedContext(root: Node, part: DocumentPart, alone: boolean): CompletionContext | undefined {
  const found = findMark(root, [])
  if (found === undefined) return undefined
  const { path, isKey } = found
  const parent = path.slice(0, -1)
  const holder = nodeAt(root, parent)
  if (isKey) {
    const names = holder?.kind === 'object' ? holder.entries.map(({ key }) => key.value) : []
    const siblings = names.filter((name) => name !== MARK)
    return { kind: 'key', part, path: parent, siblings, root, alone: siblings.length === 0 }
  }
  const siblings =
    holder?.kind === 'array'
      ? holder.elements.flatMap((each) => (each.kind === 'string' && each.value !== MARK ? [each.value] : []))
      : []
  return { kind: 'value', part, path, root, siblings, alone }
}

interface Marked {
  readonly path: PropertyPath
  readonly isKey: boolean
}

function findMark(node: Node, path: PropertyPath): Marked | undefined {
  if (node.kind === 'string') return node.value.includes(MARK) ? { path, isKey: false } : undefined
  if (node.kind === 'array') {
    for (const [i, element] of node.elements.entries()) {
      const found = findMark(element, [...path, i])
      if (found !== undefined) return found
    }
  }
  if (node.kind !== 'object') return undefined
  for (const { key, value } of node.entries) {
    if (key.value.includes(MARK)) return { path: [...path, key.value], isKey: true }
    const found = findMark(value, [...path, key.value])
    if (found !== undefined) return found
  }
  return undefined
}
