import type { Node, ObjectEntry, PropertyPath, StringNode } from '../../yaml/index.ts'

/** The innermost part of a document at an offset. */
export type DocumentCursor =
  /** On the name of a value. */
  | { readonly kind: 'key'; readonly path: PropertyPath; readonly entry: ObjectEntry }
  /** On a scalar, or within a collection and on none of its parts. */
  | { readonly kind: 'value'; readonly path: PropertyPath; readonly node: Node }

/** Finds what stands at an offset of a document. */
export function cursorAt(root: Node | undefined, offset: number): DocumentCursor | undefined {
  if (root === undefined || !holds(root, offset)) return undefined
  const path: (string | number)[] = []
  let node = root
  for (;;) {
    const inner = partAt(node, offset)
    if (inner === undefined) return { kind: 'value', path, node }
    path.push(inner.key)
    if (inner.entry !== undefined && holds(inner.entry.key, offset)) {
      return { kind: 'key', path, entry: inner.entry }
    }
    node = inner.node
  }
}

interface Inner {
  readonly key: string | number
  readonly node: Node
  readonly entry?: ObjectEntry
}

function partAt(node: Node, offset: number): Inner | undefined {
  if (node.kind === 'array') {
    const index = node.elements.findIndex((element) => holds(element, offset))
    const element = node.elements[index]
    return element && { key: index, node: element }
  }
  if (node.kind !== 'object') return undefined
  const entry = node.entries.find(({ key, value }) => holds(key, offset) || holds(value, offset))
  return entry && { key: entry.key.value, node: entry.value, entry }
}

/** Whoever stands behind the last character of something means it too. */
function holds({ span }: Node | StringNode, offset: number): boolean {
  return span !== undefined && span.start <= offset && offset <= span.end
}

/** The name of the import that the cursor is on. */
export function importAt(cursor: DocumentCursor): StringNode | undefined {
  const { path } = cursor
  if (String(path[0]).toLowerCase() !== 'imports' || typeof path[1] !== 'number') return undefined
  if (cursor.kind === 'key') return path.length === 3 ? cursor.entry.key : undefined
  return path.length === 2 && cursor.node.kind === 'string' ? cursor.node : undefined
}
