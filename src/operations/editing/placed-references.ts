import { type Accessor, type PropertyAccess, scanInterpolation } from '../../language/index.ts'
import type { StringNode } from '../../yaml/index.ts'
import type { DocumentPart } from './document-offsets.ts'

/** A step of a reference, with its place in the document: a name without the dot before it. */
export interface PlacedAccessor extends DocumentPart {
  readonly accessor: Accessor
}

/** A reference in a text of a document. */
export interface PlacedReference {
  readonly node: StringNode
  /** Its number among those of the text, from 0. */
  readonly index: number
  readonly access: PropertyAccess
  readonly accessors: readonly PlacedAccessor[]
}

/**
 * The references in a text of a document, each step with its place. Left out are those that are
 * written with escapes or over several lines, whose steps have no place of their own.
 */
export function placedReferences(text: string, node: StringNode): readonly PlacedReference[] {
  if (node.span === undefined || !node.value.includes('${')) return []
  const { start, end } = node.span
  const source = text.slice(start, end)
  const accesses = scanInterpolation(node.value, () => {}).flatMap(({ access }) => (access ? [access] : []))
  const written = beginnings(source)
  if (written.length !== accesses.length) return []
  return accesses.flatMap((access, index) => {
    const [first, last] = [access.accessors[0], access.accessors.at(-1)]
    if (first === undefined || last === undefined) return []
    // The accessors begin right after the brace.
    const shift = (written[index] as number) + 2 - first.start
    if (source.slice(first.start + shift, last.end + shift) !== node.value.slice(first.start, last.end)) return []
    const accessors = access.accessors.map((accessor) => ({
      accessor,
      // A name begins behind its dot.
      start: start + shift + accessor.start + (node.value[accessor.start] === '.' ? 1 : 0),
      end: start + shift + accessor.end,
    }))
    return [{ node, index, access, accessors }]
  })
}

/** The offsets at which references begin. A doubled dollar sign begins none. */
function beginnings(source: string): number[] {
  const found: number[] = []
  for (let at = source.indexOf('$'); at !== -1; at = source.indexOf('$', at)) {
    if (source[at + 1] === '{') found.push(at)
    at += source[at + 1] === '$' || source[at + 1] === '{' ? 2 : 1
  }
  return found
}
