import type { PropertyPath } from '../../yaml/index.ts'
import {
  decode,
  deleteAt,
  formatPropertyPath,
  fragmentOf,
  getAt,
  type Node,
  type ObjectNode,
  setAt,
} from '../../yaml/index.ts'

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

/** A side of a merge. */
export type EditSide = 'ours' | 'theirs'

/**
 * A path that both sides changed, each in its own way. Undefined: there is nothing on that side.
 */
export interface KeyConflict {
  readonly path: string
  readonly ours: Node | undefined
  readonly theirs: Node | undefined
}

/** The outcome of a merge by keys. */
export interface KeyMerge {
  /** Ours with what theirs changed. Where they conflict and nothing is chosen, ours stays. */
  readonly text: string
  /** All conflicts, those among them for which a side was chosen. */
  readonly conflicts: readonly KeyConflict[]
  /** Paths that were taken from theirs without a conflict. */
  readonly taken: readonly string[]
}

/**
 * Merges by keys where lines will not do, as when two keys stand side by side: what theirs changed
 * is changed in ours, and every other byte of ours stays. A list is one value.
 */
export function mergeDefinitions(texts: ThreeTexts): MergedDefinition {
  const merged = mergeByKeys(texts)
  if (merged === undefined) return { kind: 'conflict', conflicts: ['the whole text'] }
  const { text, conflicts } = merged
  return conflicts.length > 0
    ? { kind: 'conflict', conflicts: conflicts.map(({ path }) => path) }
    : { kind: 'merged', text }
}

/**
 * The same with a side chosen for some conflicts, by their paths. Undefined: a text cannot be read,
 * or what they come to cannot.
 */
export function mergeByKeys(
  { base, ours, theirs }: ThreeTexts,
  chosen: ReadonlyMap<string, EditSide> = new Map(),
): KeyMerge | undefined {
  const [baseNode, oursNode, theirsNode] = [rootOf(base), rootOf(ours), rootOf(theirs)]
  if (baseNode === undefined || oursNode === undefined || theirsNode === undefined) return undefined
  const conflicts = new Map<string, KeyConflict>()
  const taken: string[] = []
  let text = ours
  const take = (path: PropertyPath, value: Node | undefined) => {
    text = value === undefined ? deleteAt(text, path) : setAt(text, path, fragmentOf(theirs, value))
  }
  const changes = changesOf(baseNode, theirsNode, [])
  for (let change = changes.shift(); change !== undefined; change = changes.shift()) {
    const { path } = change
    const value = change.kind === 'set' ? change.value : undefined
    const here = getAt(oursNode, path)
    if (same(here, value)) continue
    if (getAt(baseNode, path) === undefined && isMapping(here) && isMapping(value)) {
      // Both sides began the same mapping, each with keys of its own.
      changes.unshift(...changesOf(nothing, value, path))
      continue
    }
    const contested = contestedPath(oursNode, path)
    if (contested.length === path.length && same(here, getAt(baseNode, path))) {
      take(path, value)
      taken.push(formatPropertyPath(path))
      continue
    }
    const name = formatPropertyPath(contested)
    if (conflicts.has(name)) continue
    const sides = { ours: getAt(oursNode, contested), theirs: getAt(theirsNode, contested) }
    conflicts.set(name, { path: name, ...sides })
    if (chosen.get(name) === 'theirs') take(contested, sides.theirs)
  }
  return isReadable(text) ? { text, conflicts: [...conflicts.values()], taken } : undefined
}

/**
 * The part of a path that the two sides disagree about: where ours has no object any more to put
 * the end of it in, it is what stands there instead.
 */
function contestedPath(ours: Node, path: PropertyPath): PropertyPath {
  let length = path.length
  while (length > 1 && getAt(ours, path.slice(0, length - 1))?.kind !== 'object') length--
  return path.slice(0, length)
}

/**
 * A value that differs between two definitions. `before` and `after`: undefined where there is
 * none.
 */
export interface KeyChange {
  readonly path: string
  readonly before: Node | undefined
  readonly after: Node | undefined
}

/** The paths at which two definitions say something else. Undefined: one of them cannot be read. */
export function changedKeys(before: string, after: string): readonly KeyChange[] | undefined {
  const [old, now] = [rootOf(before), rootOf(after)]
  if (old === undefined || now === undefined) return undefined
  return changesOf(old, now, []).map(({ path }) => ({
    path: formatPropertyPath(path),
    before: getAt(old, path),
    after: getAt(now, path),
  }))
}

/**
 * True when a text is one YAML document without mistakes: lines that merge cleanly
 * may still say a key twice.
 */
export function isReadable(text: string): boolean {
  const { failed, diagnostics, node } = decode('merge', text)
  return !failed && diagnostics.length === 0 && (node === undefined || !saysTwice(node))
}

const nothing: Node = { kind: 'object', range: undefined, path: '', span: undefined, entries: [] }

/** True for a mapping whose keys are names. A call such as `fn::secret` is one value. */
function isMapping(node: Node | undefined): node is ObjectNode {
  return node?.kind === 'object' && !node.entries.some(({ key }) => key.value.startsWith('fn::'))
}

/**
 * A document that says nothing is an empty object. Undefined: it cannot be read, or is no object.
 */
function rootOf(text: string): Node | undefined {
  if (!isReadable(text)) return undefined
  const { node } = decode('merge', text)
  if (node === undefined) return nothing
  return node.kind === 'object' ? node : undefined
}

function changesOf(before: Node, after: Node, path: PropertyPath): Change[] {
  if (before.kind !== 'object' || after.kind !== 'object' || isSecret(before) || isSecret(after)) {
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

/** A secret is one value: a ciphertext of one side is nothing beside a plaintext of the other. */
function isSecret(node: Node): boolean {
  return getAt(node, ['fn::secret']) !== undefined
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
