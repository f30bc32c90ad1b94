import { EscError } from '../../errors.ts'
import { reservedKeys, scanInterpolation } from '../../language/index.ts'
import { decode, type Node, type ObjectNode, type PropertyPath, type StringNode } from '../../yaml/index.ts'
import type { Analysis } from './analysis.ts'
import { nodeAt } from './calls-at.ts'
import { cursorAt } from './cursor.ts'
import type { DocumentPart } from './document-offsets.ts'
import { type PlacedReference, placedReferences } from './placed-references.ts'
import { followed, isBelowValues, referenceAt } from './resolved-reference.ts'

/** A part of a document, and the text to put in its place. */
export interface DocumentEdit extends DocumentPart {
  readonly newText: string
}

/** A key that can be renamed. */
export interface RenamableKey {
  /** The name where the cursor is: the key itself, or a step of a reference to it. */
  readonly part: DocumentPart
  /** The path of the value in the document, such as `values`, `database`, `host`. */
  readonly path: PropertyPath
  readonly entry: { readonly key: StringNode; readonly value: Node }
}

/**
 * Finds the key at an offset, or the one that a reference there is to.
 *
 * @throws EscError `invalid_input` for something that cannot be renamed here, with the reason.
 */
export function renamableAt(analysis: Analysis, offset: number): RenamableKey {
  const cursor = cursorAt(analysis.node, offset)
  const found = cursor && referenceAt(analysis.text, cursor, offset)
  if (cursor !== undefined && found !== undefined) {
    const { reference, step } = found
    const path = ['values', ...reference.access.accessors.slice(0, step + 1).map(({ key }) => key)]
    const key = keyOfPath(analysis, path) ?? keyDefinedAt(analysis, cursor.path, found)
    if (key === undefined) throw refusal('the value is not defined in this document: rename it where it is')
    refuseCalls(key.path)
    return { ...key, part: reference.accessors[step] as DocumentPart }
  }
  if (cursor?.kind !== 'key' || !isBelowValues(cursor.path)) {
    throw refusal('there is no name of a value here: go to a key below values, or to a reference')
  }
  refuseCalls(cursor.path)
  return { part: cursor.entry.key.span as DocumentPart, path: cursor.path, entry: cursor.entry }
}

/** The key of a path, where the document has it. */
function keyOfPath({ node }: Analysis, path: PropertyPath): Omit<RenamableKey, 'part'> | undefined {
  const name = path.at(-1)
  const holder = nodeAt(rootOfValues(node), path.slice(1, -1))
  const entry = holder?.kind === 'object' ? holder.entries.find(({ key }) => key.value === name) : undefined
  return entry && { path, entry }
}

function rootOfValues(node: Node | undefined): Node | undefined {
  if (node?.kind !== 'object') return undefined
  return node.entries.find(({ key }) => key.value.toLowerCase() === 'values')?.value
}

/** The key of the value that a reference was followed to, such as through another value. */
function keyDefinedAt(
  analysis: Analysis,
  path: PropertyPath,
  { reference, step }: { readonly reference: PlacedReference; readonly step: number },
): Omit<RenamableKey, 'part'> | undefined {
  const target = followed(analysis, path, reference)[step]?.value
  if (target?.environment !== analysis.name) return undefined
  const name = reference.access.accessors[step]?.key
  for (const key of keysIn(analysis.node, [])) {
    // What is not known is said to be defined where it is asked for.
    if (key.entry.key.value === name && isAt(key.entry.value, target.begin)) return key
  }
  return undefined
}

function* keysIn(node: Node | undefined, path: PropertyPath): Generator<Omit<RenamableKey, 'part'>> {
  if (node?.kind === 'array') for (const [i, element] of node.elements.entries()) yield* keysIn(element, [...path, i])
  if (node?.kind !== 'object') return
  for (const entry of node.entries) {
    yield { path: [...path, entry.key.value], entry }
    yield* keysIn(entry.value, [...path, entry.key.value])
  }
}

function isAt({ range }: Node, { line, column }: { readonly line: number; readonly column: number }): boolean {
  return range !== undefined && range.begin.line === line && range.begin.column === column
}

function refuseCalls(path: PropertyPath): void {
  if (path.some((key) => String(key).startsWith('fn::'))) {
    throw refusal('names of calls and of their inputs cannot be chosen')
  }
}

function refusal(problem: string, hint?: string): EscError {
  return new EscError('invalid_input', problem, hint === undefined ? {} : { hint })
}

/**
 * The edits that give a key of a document another name, and that name to every reference in the
 * document that leads to it. Comments and all else stay.
 *
 * @throws EscError `invalid_input` for a name that is taken or that cannot be written there.
 */
export function renameKey(analysis: Analysis, key: RenamableKey, name: string): readonly DocumentEdit[] {
  const { text } = analysis
  refuseName(analysis, key, name)
  const { span } = key.entry.key
  if (span === undefined) throw refusal('the key has no place in the document')
  const edits: DocumentEdit[] = [{ ...span, newText: keyText(text.slice(span.start, span.end), name) }]
  const expected: PropertyPath[] = []
  for (const { path, node } of textsBelow(analysis.node, [])) {
    const placed = placedReferences(text, node)
    for (const [index, keys] of accessesIn(node).entries()) {
      const reference = placed.find((each) => each.index === index)
      const step = stepTo(analysis, path, { keys, index }, key)
      expected.push(step === undefined ? keys : keys.with(step, name))
      if (step === undefined) continue
      const part = reference?.accessors[step]
      if (part === undefined) throw refusal(`the reference at ${node.path} is written with escapes or line breaks`)
      edits.push(stepEdit(text, part, inQuotesOf(text[node.span?.start ?? 0], name)))
    }
  }
  if (!reads(withEdits(text, edits), { key, name, expected })) {
    throw refusal(`the name ${JSON.stringify(name)} cannot be written here without changing something else`)
  }
  return edits
}

/** The keys of each reference in a text. */
export function accessesIn(node: StringNode): PropertyPath[] {
  return scanInterpolation(node.value, () => {}).flatMap(({ access }) =>
    access === undefined ? [] : [access.accessors.map(({ key }) => key)],
  )
}

function refuseName(analysis: Analysis, { path }: RenamableKey, name: string): void {
  if (name === '' || /[\p{Cc}]/u.test(name)) throw refusal('the name is empty, or has control characters in it')
  if (name.toLowerCase().startsWith('fn::')) throw refusal('names that begin with fn:: are calls of builtins')
  const holder = nodeAt(analysis.node, path.slice(0, -1)) as ObjectNode | undefined
  if (path.length === 2 && reservedKeys.has(name)) throw refusal(`${name} means something else in references`)
  if (holder?.kind === 'object' && holder.entries.some(({ key }) => key.value === name)) {
    throw refusal(`there is a value with the name ${name} already`)
  }
}

/** The texts of a document that may hold references, each with its path. */
export function* textsBelow(
  node: Node | undefined,
  path: PropertyPath,
): Generator<{ readonly path: PropertyPath; readonly node: StringNode }> {
  if (node?.kind === 'string') yield { path, node }
  if (node?.kind === 'array') for (const [i, each] of node.elements.entries()) yield* textsBelow(each, [...path, i])
  if (node?.kind === 'object') for (const { key, value } of node.entries) yield* textsBelow(value, [...path, key.value])
}

/**
 * The step of a reference that names the key: by its path, or because it was followed to the value.
 */
function stepTo(
  analysis: Analysis,
  path: PropertyPath,
  { keys, index }: { readonly keys: PropertyPath; readonly index: number },
  key: RenamableKey,
): number | undefined {
  const last = key.path.length - 2
  if (keys.length > last && key.path.slice(1).every((name, i) => keys[i] === name)) return last
  const name = key.path.at(-1)
  const found = followed(analysis, path, { index }).findIndex(
    ({ value }, i) => keys[i] === name && value.environment === analysis.name && isAt(key.entry.value, value.begin),
  )
  return found === -1 ? undefined : found
}

const SIMPLE_NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u

/** A step of a reference that names a value, as it is written in a scalar that begins so. */
function inQuotesOf(quote: string | undefined, name: string): string {
  if (SIMPLE_NAME.test(name)) return name
  const subscript = `["${name.replaceAll('"', '\\"')}"]`
  if (quote === '"') return JSON.stringify(subscript).slice(1, -1)
  return quote === "'" ? subscript.replaceAll("'", "''") : subscript
}

function stepEdit(text: string, { start, end }: DocumentPart, step: string): DocumentEdit {
  const wasSubscript = text[start] === '['
  const isSubscript = step.startsWith('[')
  if (wasSubscript === isSubscript) return { start, end, newText: step }
  // The dot before a name comes and goes with it.
  if (isSubscript) return { start: text[start - 1] === '.' ? start - 1 : start, end, newText: step }
  return { start, end, newText: text[start - 1] === '{' ? step : `.${step}` }
}

function keyText(before: string, name: string): string {
  if (before.startsWith("'")) return `'${name.replaceAll("'", "''")}'`
  if (before.startsWith('"') || !SIMPLE_NAME.test(name)) return JSON.stringify(name)
  return /^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name) ? JSON.stringify(name) : name
}

/** A text with edits that do not overlap, in whatever order they come. */
function withEdits(text: string, edits: readonly DocumentEdit[]): string {
  let [result, at] = ['', 0]
  for (const { start, end, newText } of [...edits].sort((a, b) => a.start - b.start)) {
    result += text.slice(at, start) + newText
    at = end
  }
  return result + text.slice(at)
}

interface Wanted {
  readonly key: RenamableKey
  readonly name: string
  /** The keys of every reference, in document order. */
  readonly expected: readonly PropertyPath[]
}

/** True when a text has the key under its new name, and references are just what they should be. */
function reads(text: string, { key: { path }, name, expected }: Wanted): boolean {
  const { node, failed } = decode('', text)
  if (failed || nodeAt(node, [...path.slice(0, -1), name]) === undefined || nodeAt(node, path) !== undefined)
    return false
  const found = [...textsBelow(node, [])].flatMap((each) => accessesIn(each.node))
  return JSON.stringify(found) === JSON.stringify(expected)
}
