import type { PropertyPath } from '../../yaml/index.ts'
import { decode, deleteAt, formatPropertyPath, fragmentOf, getAt, type Node, setAt } from '../../yaml/index.ts'

/** Texts that were made from one. */
export interface ThreeTexts {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

/** `conflicts`: paths that both sides changed, each in its own way. */
export type MergedDefinition =
  | { readonly kind: 'merged'; readonly text: string }
  | { readonly kind: 'conflict'; readonly conflicts: readonly string[] }

type Change =
  | { readonly path: PropertyPath; readonly kind: 'set'; readonly value: Node }
  | { readonly path: PropertyPath; readonly kind: 'delete' }

/**
 * Merges by keys where lines will not do, as when two keys stand side by side: what theirs changed
 * is changed in ours, and every other byte of ours stays. A list is one value.
 */
export function mergeDefinitions({ base, ours, theirs }: ThreeTexts): MergedDefinition {
  const [baseNode, oursNode, theirsNode] = [rootOf(base), rootOf(ours), rootOf(theirs)]
  if (baseNode === undefined || oursNode === undefined || theirsNode === undefined) {
    return { kind: 'conflict', conflicts: ['the whole text'] }
  }
  const changes = changesOf(baseNode, theirsNode, [])
  const conflicts: string[] = []
  let text = ours
  for (const change of changes) {
    const before = getAt(baseNode, change.path)
    const here = getAt(oursNode, change.path)
    if (same(here, change.kind === 'set' ? change.value : undefined)) continue
    const room = change.path.length < 2 || getAt(oursNode, change.path.slice(0, -1))?.kind === 'object'
    if (!same(here, before) || !room) {
      conflicts.push(formatPropertyPath(change.path))
      continue
    }
    text =
      change.kind === 'set' ? setAt(text, change.path, fragmentOf(theirs, change.value)) : deleteAt(text, change.path)
  }
  if (conflicts.length > 0) return { kind: 'conflict', conflicts }
  return isReadable(text) ? { kind: 'merged', text } : { kind: 'conflict', conflicts: ['the whole text'] }
}

/**
 * True when a text is one YAML document without mistakes: lines that merge cleanly
 * may still say a key twice.
 */
export function isReadable(text: string): boolean {
  const { failed, diagnostics, node } = decode('merge', text)
  return !failed && diagnostics.length === 0 && (node === undefined || !saysTwice(node))
}

/**
 * A document that says nothing is an empty object. Undefined: it cannot be read, or is no object.
 */
function rootOf(text: string): Node | undefined {
  if (!isReadable(text)) return undefined
  const { node } = decode('merge', text)
  if (node === undefined) return { kind: 'object', range: undefined, path: '', span: undefined, entries: [] }
  return node.kind === 'object' ? node : undefined
}

function changesOf(before: Node, after: Node, path: PropertyPath): Change[] {
  if (before.kind !== 'object' || after.kind !== 'object') {
    return same(before, after) ? [] : [{ path, kind: 'set', value: after }]
  }
  const changes: Change[] = []
  for (const { key, value } of after.entries) {
    const own = [...path, key.value]
    const old = getAt(before, [key.value])
    if (old === undefined) changes.push({ path: own, kind: 'set', value })
    else changes.push(...changesOf(old, value, own))
  }
  for (const { key } of before.entries) {
    if (getAt(after, [key.value]) === undefined) changes.push({ path: [...path, key.value], kind: 'delete' })
  }
  return changes
}

/** True when two nodes say the same, in whatever style and order of keys. */
function same(one: Node | undefined, other: Node | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  switch (one.kind) {
    case 'null':
      return other.kind === 'null'
    case 'boolean':
    case 'string':
      return other.kind === one.kind && other.value === one.value
    case 'number':
      return other.kind === 'number' && other.text === one.text
    case 'array':
      return (
        other.kind === 'array' &&
        other.elements.length === one.elements.length &&
        one.elements.every((element, index) => same(element, other.elements[index]))
      )
    case 'object':
      return (
        other.kind === 'object' &&
        other.entries.length === one.entries.length &&
        one.entries.every(({ key, value }) => same(value, getAt(other, [key.value])))
      )
  }
}

function saysTwice(node: Node): boolean {
  if (node.kind === 'array') return node.elements.some(saysTwice)
  if (node.kind !== 'object') return false
  const keys = node.entries.map(({ key }) => key.value)
  return new Set(keys).size < keys.length || node.entries.some(({ value }) => saysTwice(value))
}
