import { getAt, type Node } from '../../yaml/index.ts'

/** An element of the imports of a definition. */
export interface ListedImport {
  /** The reference as written: `project/environment`, with a version where it has one. */
  readonly name: string
  readonly node: Node
  /** Its place in the list, counted from 0. */
  readonly index: number
}

/** The imports of a definition in their order, without elements that are malformed. */
export function listedImports(root: Node | undefined): ListedImport[] {
  const list = getAt(root, ['imports'])
  if (list?.kind !== 'array') return []
  return list.elements.flatMap((node, index): ListedImport[] => {
    if (node.kind === 'string') return [{ name: node.value, node, index }]
    const name = node.kind === 'object' ? node.entries[0]?.key.value : undefined
    return name === undefined ? [] : [{ name, node, index }]
  })
}

/** The number of elements of the list of imports. */
export function importCount(root: Node | undefined): number {
  const list = getAt(root, ['imports'])
  return list?.kind === 'array' ? list.elements.length : 0
}
