import { EscError } from '../../errors.ts'
import type { YamlMapping, YamlNode, YamlPair, YamlSequence } from '../parser/tree.ts'
import type { PropertyPath } from '../property-path.ts'
import { formatPropertyPath } from '../property-path.ts'
import { resolveScalar } from '../resolve-scalar.ts'

/** Where a node hangs in the tree. Inside a flow collection everything is written on one line. */
export type Place =
  | { readonly kind: 'root'; readonly inFlow: false }
  | { readonly kind: 'member'; readonly mapping: YamlMapping; readonly pair: YamlPair; readonly inFlow: boolean }
  | { readonly kind: 'item'; readonly sequence: YamlSequence; readonly index: number; readonly inFlow: boolean }

export interface Placed {
  readonly place: Place
  /** Absent: the text holds no document. */
  readonly node: YamlNode | undefined
}

/**
 * How far a path leads into a tree: all the way, or to the collection or
 * blank that lacks its `rest`.
 */
export interface Located extends Placed {
  readonly rest: PropertyPath
}

/**
 * Follows a path as far as it leads. Throws `invalid_input` where an element cannot apply, with the
 * path up to that element.
 */
export function locate(root: YamlNode | undefined, path: PropertyPath): Located {
  let place: Place = { kind: 'root', inFlow: false }
  let node = root
  for (const [index, element] of path.entries()) {
    const fail = (reason: string): EscError =>
      new EscError('invalid_input', `${formatPropertyPath(path.slice(0, index + 1))}: ${reason}`)
    if (node === undefined || isBlank(node)) return { place, node, rest: path.slice(index) }
    if (node.kind === 'sequence') {
      if (typeof element !== 'number') throw fail('key for an array must be an int')
      if (element < 0 || element > node.items.length) throw fail('array index out of range')
      if (element === node.items.length) return { place, node, rest: path.slice(index) }
      place = { kind: 'item', sequence: node, index: element, inFlow: place.inFlow || node.flow }
      node = node.items[element]!
    } else if (node.kind === 'mapping') {
      if (typeof element === 'number') throw fail('key for a map must be a string')
      const pair = findPair(node, element)
      if (pair === undefined) return { place, node, rest: path.slice(index) }
      place = { kind: 'member', mapping: node, pair, inFlow: place.inFlow || node.flow }
      node = pair.value
    } else {
      throw fail('expected an array or an object')
    }
  }
  return { place, node, rest: [] }
}

/** The first pair with this key. */
export function findPair(mapping: YamlMapping, name: string): YamlPair | undefined {
  return mapping.pairs.find(({ key }) => key.kind === 'scalar' && key.value === name)
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

/** Where the text of a pair ends, its value included. */
export function endOfPair(pair: YamlPair): number {
  return pair.valueIndicatorEnd === undefined ? pair.key.end : Math.max(pair.value.end, pair.valueIndicatorEnd)
}

/** The scalar (or empty collection) that the text of a node ends with. */
export function lastLeaf(node: YamlNode): YamlNode {
  if (node.kind === 'mapping' && !node.flow) {
    const pair = node.pairs.at(-1)!
    return lastLeaf(pair.valueIndicatorEnd === undefined ? pair.key : pair.value)
  }
  if (node.kind === 'sequence' && !node.flow) return lastLeaf(node.items.at(-1)!)
  return node
}

export function isBlockScalar(node: YamlNode): boolean {
  return node.kind === 'scalar' && (node.style === 'literal' || node.style === 'folded')
}
