import { present } from '../../present.ts'
import type { YamlMapping, YamlNode, YamlPair, YamlSequence } from '../parser/tree.ts'
import type { PropertyPath } from '../property-path.ts'
import { resolveScalar } from '../resolve-scalar.ts'
import { PathError } from './path-error.ts'

/**
 * The slot that a node fills in the tree: the document, a member or an item. Inside a flow
 * collection everything is written on one line.
 */
export type NodeSlot =
  | { readonly kind: 'root'; readonly inFlow: false }
  | { readonly kind: 'member'; readonly mapping: YamlMapping; readonly pair: YamlPair; readonly inFlow: boolean }
  | { readonly kind: 'item'; readonly sequence: YamlSequence; readonly index: number; readonly inFlow: boolean }

export interface Placed {
  readonly place: NodeSlot
  /** Absent when the text holds no document. */
  readonly node: YamlNode | undefined
}

/**
 * The end of a path in a tree: all the way, or to the collection or
 * blank that lacks its `rest`.
 */
export interface LocatedNode extends Placed {
  readonly rest: PropertyPath
}

/**
 * Follows a path as far as it leads. Throws `invalid_input` where an element cannot apply, with the
 * path up to that element.
 */
export function locateNode(root: YamlNode | undefined, path: PropertyPath): LocatedNode {
  let located: LocatedNode = { place: { kind: 'root', inFlow: false }, node: root, rest: [] }
  for (const [index, element] of path.entries()) {
    const next = step(located, element)
    if (typeof next === 'string') throw new PathError(path.slice(0, index + 1), next)
    if (next.rest.length > 0) return { ...next, rest: path.slice(index) }
    located = next
  }
  return located
}

/** The member or item of a collection. The element must apply to it. */
export function locateIn(collection: LocatedNode, element: string | number): LocatedNode {
  const located = step(collection, element)
  if (typeof located === 'string') throw new Error(located)
  return located
}

/** One element further, or why it cannot apply. */
function step({ place, node }: LocatedNode, element: string | number): LocatedNode | string {
  if (node === undefined || isBlank(node)) return { place, node, rest: [element] }
  if (node.kind === 'sequence') {
    if (typeof element !== 'number') return 'key for an array must be an int'
    if (element < 0 || element > node.items.length) return 'array index out of range'
    const item = node.items[element]
    if (item === undefined) return { place, node, rest: [element] }
    const inFlow = place.inFlow || node.flow
    return { place: { kind: 'item', sequence: node, index: element, inFlow }, node: item, rest: [] }
  }
  if (node.kind !== 'mapping') return 'expected an array or an object'
  if (typeof element === 'number') return 'key for a map must be a string'
  const pair = findPair(node, element)
  if (pair === undefined) return { place, node, rest: [element] }
  const inFlow = place.inFlow || node.flow
  return { place: { kind: 'member', mapping: node, pair, inFlow }, node: pair.value, rest: [] }
}

/** Mappings with more pairs than this are searched by an index. */
const fewPairs = 16

/** The first pair of each key, of long mappings that were searched. Trees do not change. */
const indexes = new WeakMap<YamlMapping, ReadonlyMap<string, YamlPair>>()

/** The first pair with this key. */
export function findPair(mapping: YamlMapping, name: string): YamlPair | undefined {
  if (mapping.pairs.length <= fewPairs)
    return mapping.pairs.find(({ key }) => key.kind === 'scalar' && key.value === name)
  const index = indexes.get(mapping) ?? indexOf(mapping)
  indexes.set(mapping, index)
  return index.get(name)
}

function indexOf({ pairs }: YamlMapping): ReadonlyMap<string, YamlPair> {
  const index = new Map<string, YamlPair>()
  for (const pair of pairs) {
    if (pair.key.kind === 'scalar' && !index.has(pair.key.value)) index.set(pair.key.value, pair)
  }
  return index
}

/** A null, written out or not: it may become a collection. */
function isBlank(node: YamlNode): boolean {
  return (
    node.kind === 'scalar' &&
    node.style === 'plain' &&
    (node.tag === '' || node.tag === '!!null') &&
    resolveScalar(node.value).kind === 'null'
  )
}

/** Returns the place where the text of a pair ends, its value included. */
export function endOfPair(pair: YamlPair): number {
  return pair.valueIndicatorEnd === undefined ? pair.key.end : Math.max(pair.value.end, pair.valueIndicatorEnd)
}

/** The scalar (or empty collection) that the text of a node ends with. */
export function lastLeaf(node: YamlNode): YamlNode {
  if (node.kind === 'mapping' && !node.flow) {
    const pair = present(node.pairs.at(-1))
    return lastLeaf(pair.valueIndicatorEnd === undefined ? pair.key : pair.value)
  }
  if (node.kind === 'sequence' && !node.flow) return lastLeaf(present(node.items.at(-1)))
  return node
}

export function isBlockScalar(node: YamlNode): boolean {
  return node.kind === 'scalar' && (node.style === 'literal' || node.style === 'folded')
}
