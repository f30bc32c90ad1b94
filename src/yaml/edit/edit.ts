import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { rich, step } from '../../rich-text.ts'
import type { Node } from '../node.ts'
import type { YamlMapping, YamlSequence } from '../parser/tree.ts'
import type { PropertyPath } from '../property-path.ts'
import { deleteEntry } from './delete.ts'
import { insertItem, insertPair } from './insert.ts'
import type { Model } from './model.ts'
import { modelOf, modelOfText, modelOfValue, sameModel, withModelAt } from './model.ts'
import { PathError } from './path-error.ts'
import type { LocatedNode } from './place.ts'
import { findPair, locateNode } from './place.ts'
import { renderRoot } from './render.ts'
import { insertLines, replaceNode } from './replace.ts'
import type { TextEdit } from './source.ts'
import { applyEdits, SourceText } from './source.ts'
import type { YamlData, YamlValue } from './yaml-data.ts'
import { onOneLine, yamlValueOf } from './yaml-data.ts'

/** The node at a path: of several pairs with one key, the first. Undefined when there is none. */
export function getAt(node: Node | undefined, path: PropertyPath): Node | undefined {
  let current = node
  for (const element of path) {
    if (current?.kind === 'array' && typeof element === 'number') current = current.elements[element]
    else if (current?.kind === 'object' && typeof element === 'string') {
      current = current.entries.find(({ key }) => key.value === element)?.value
    } else return undefined
  }
  return current
}

/**
 * Puts a value at a path of the text's first document and changes nothing else: no comment, blank
 * line, order, quote or line end. What is missing on the way is created at the end of its
 * collection; an index equal to an array's length appends; a null becomes what the path needs.
 * Where there is a collection of the same kind already, only what differs is touched.
 *
 * Throws `invalid_input` when the path does not fit (`a.b: expected an array or an object`),
 * `invalid_definition` when the text is no YAML.
 */
export function setAt(text: string, path: PropertyPath, value: YamlData): string {
  return setValue(text, path, withoutTopStyle(yamlValueOf(value)))
}

export function withoutTopStyle(value: YamlValue): YamlValue {
  return value.kind === 'scalar' ? { kind: 'scalar', text: value.text, isString: value.isString } : value
}

/**
 * Removes the value at a path, with the comment lines directly above it; the collection
 * around it stays, as `{}` or `[]` if nothing is left. A path that leads nowhere changes
 * nothing. Throws as `setAt` does.
 */
export function deleteAt(text: string, path: PropertyPath): string {
  const last = path.at(-1)
  if (last === undefined) throw new EscError('invalid_input', 'path must contain at least one element')
  const source = new SourceText(text)
  const located = locateNode(source.root, path.slice(0, -1))
  const { place, node, rest } = located
  if (rest.length > 0) {
    // An index one behind the end is nothing to set here.
    locateNode(source.root, path)
    return text
  }
  if (node === undefined || node.kind === 'scalar' || node.kind === 'alias') {
    locateNode(source.root, path)
    return text
  }
  const index = indexOfEntry(node, last, path)
  if (index === -1) return text
  const size = node.kind === 'mapping' ? node.pairs.length : node.items.length
  const candidates =
    size > 1 ? deleteEntry(source, node, index, place.inFlow) : [replaceNode(source, place, node, emptyOf(node))]
  return apply(source, candidates, present(withModelAt(modelOf(source.root), path, undefined)), path)
}

function indexOfEntry(node: YamlMapping | YamlSequence, element: string | number, path: PropertyPath): number {
  const fail = (reason: string): EscError => new PathError(path, reason)
  if (node.kind === 'sequence') {
    if (typeof element !== 'number') throw fail('key for an array must be an int')
    if (element < 0 || element >= node.items.length) throw fail('array index out of range')
    return element
  }
  if (typeof element === 'number') throw fail('key for a map must be a string')
  const pair = findPair(node, element)
  return pair === undefined ? -1 : node.pairs.indexOf(pair)
}

function emptyOf(node: YamlMapping | YamlSequence): YamlValue {
  return node.kind === 'mapping'
    ? { kind: 'mapping', flow: true, pairs: [] }
    : { kind: 'sequence', flow: true, items: [] }
}

function setValue(text: string, path: PropertyPath, value: YamlValue): string {
  const source = new SourceText(text)
  const located = locateNode(source.root, path)
  const { node, rest } = located
  const model = modelOf(source.root)
  if (rest.length === 0 && node !== undefined) {
    if (sameModel(modelOf(node), modelOfValue(value))) return text
    if (node.kind === 'mapping' && value.kind === 'mapping' && canMerge(node, value))
      return mergeMapping(text, path, node, value)
    if (node.kind === 'sequence' && value.kind === 'sequence' && node.items.length > 0 && value.items.length > 0) {
      return mergeSequence(text, path, node, value)
    }
  }
  const editsFor = (wanted: YamlValue): TextEdit[] =>
    rest.length === 0 && node !== undefined
      ? replaceNode(source, located.place, node, wanted)
      : create(source, located, path, wanted)
  // A literal block would swallow an indented comment that follows it; text in quotes does not.
  const candidates = [editsFor(value), editsFor(onOneLine(value))]
  return apply(source, candidates, present(withModelAt(model, path, modelOfValue(value))), path)
}

/** The edits that create what the path lacks. */
export function create(source: SourceText, located: LocatedNode, path: PropertyPath, value: YamlValue): TextEdit[] {
  const { place, node, rest } = located
  const [element, ...deeper] = rest
  const prefixLength = path.length - rest.length
  if (node?.kind === 'mapping' && node.pairs.length > 0) {
    return insertPair(source, place, node, String(element), nested(deeper, value, path, prefixLength + 1))
  }
  if (node?.kind === 'sequence' && node.items.length > 0) {
    return insertItem(source, place, node, nested(deeper, value, path, prefixLength + 1))
  }
  const whole = nested(rest, value, path, prefixLength)
  if (node !== undefined) return replaceNode(source, place, node, whole)
  const { lines, endsInBreak } = renderRoot(whole, source)
  if (source.text === '') return [{ start: 0, end: 0, text: lines.join('\n') + '\n' }]
  // Nothing but comments: the document goes below them.
  const end = source.text.length
  const startsLine = source.lineStart(end) === end
  if (startsLine) return [{ start: end, end, text: lines.join(source.eol) + source.eol }]
  return [insertLines(source, end, lines, endsInBreak)]
}

/** The value at the end of a path of new collections. */
function nested(rest: PropertyPath, value: YamlValue, path: PropertyPath, prefixLength: number): YamlValue {
  return rest.reduceRight<YamlValue>((inner, element, index) => {
    if (typeof element === 'string') {
      const key = { kind: 'scalar', text: element, isString: true } as const
      return { kind: 'mapping', flow: false, pairs: [{ key, value: inner }] }
    }
    if (element !== 0) {
      throw new PathError(path.slice(0, prefixLength + index + 1), 'array index out of range')
    }
    return { kind: 'sequence', flow: false, items: [inner] }
  }, value)
}

/** True when two mappings can be brought together key by key. */
export function canMerge(node: YamlMapping, value: YamlValue & { kind: 'mapping' }): boolean {
  const names: string[] = []
  for (const { key } of node.pairs) {
    if (key.kind !== 'scalar') return false
    names.push(key.value)
  }
  const wanted = value.pairs.map(({ key }) => key.text)
  return areDistinct(names) && areDistinct(wanted) && wanted.some((name) => names.includes(name))
}

/** Beyond so many, a set is quicker. */
const few = 8

function areDistinct(names: readonly string[]): boolean {
  if (names.length > few) return new Set(names).size === names.length
  return names.every((name, at) => names.indexOf(name) === at)
}

/** True when all of `some` are among `all`. */
export function isPartOf(some: readonly string[], all: readonly string[]): boolean {
  if (all.length <= few) return some.every((name) => all.includes(name))
  const known = new Set(all)
  return some.every((name) => known.has(name))
}

function mergeMapping(
  text: string,
  path: PropertyPath,
  node: YamlMapping,
  value: YamlValue & { kind: 'mapping' },
): string {
  let result = text
  for (const { key, value: member } of value.pairs) result = setValue(result, [...path, key.text], member)
  const wanted = new Set(value.pairs.map(({ key }) => key.text))
  for (const { key } of node.pairs) {
    if (key.kind === 'scalar' && !wanted.has(key.value)) result = deleteAt(result, [...path, key.value])
  }
  return result
}

function mergeSequence(
  text: string,
  path: PropertyPath,
  node: YamlSequence,
  value: YamlValue & { kind: 'sequence' },
): string {
  let result = text
  const old = node.items.map((item) => modelOf(item))
  const surplus = old.length - value.items.length
  if (surplus > 0) {
    // Take out what is gone where it stood, so that the comments of the rest stay with their items.
    let first = 0
    for (const [index, item] of value.items.entries()) {
      if (!sameModel(modelOfValue(item), old[index])) break
      first++
    }
    for (let removed = 0; removed < surplus; removed++) result = deleteAt(result, [...path, first])
  }
  for (const [index, item] of value.items.entries()) result = setValue(result, [...path, index], item)
  return result
}

/**
 * Applies the first of several batches of edits after which the text means what it should. When
 * none does (a layout that edits cannot cope with, or a mistake of ours) nothing may be written.
 */
function apply(
  source: SourceText,
  candidates: readonly (readonly TextEdit[])[],
  expected: Model,
  path: PropertyPath,
): string {
  for (const edits of candidates) {
    const text = applyEdits(source.text, edits)
    if (sameModel(modelOfText(text), expected)) return text
  }
  throw new PathError(path, 'cannot be changed without changing something else', {
    hint: rich`${step('change the definition with a text editor instead,', { do: 'edit-definition' })}`,
  })
}
