import type { YamlMapping } from '../parser/tree.ts'
import type { PropertyPath } from '../property-path.ts'
import { canMerge, create, isPartOf, setAt, withoutTopStyle } from './edit.ts'
import { type Model, modelOf, modelOfText, modelOfValue, sameModel, withModelsAt } from './model.ts'
import { type LocatedNode, locateIn, locateNode } from './place.ts'
import { replaceNode } from './replace.ts'
import { applyEdits, inOrder, SourceText, type TextEdit } from './source.ts'
import { type YamlData, type YamlValue, yamlValueOf } from './yaml-data.ts'

export interface Assignment {
  readonly path: PropertyPath
  readonly value: YamlData
}

/**
 * The same as `setAt` for one after the other, none inside another; but the text is read twice, not
 * several times for each. Where that cannot be done at once, it is done one by one.
 */
export function setAllAt(text: string, assignments: readonly Assignment[]): string {
  const [first, ...others] = assignments
  if (first === undefined) return text
  return (
    (others.length > 0 ? allAtOnce(text, assignments) : undefined) ??
    assignments.reduce((result, { path, value }) => setAt(result, path, value), text)
  )
}

function allAtOnce(text: string, assignments: readonly Assignment[]): string | undefined {
  const source = new SourceText(text)
  const edits: TextEdit[] = []
  const changes: { readonly path: PropertyPath; readonly value: Model }[] = []
  for (const { path, value } of assignments) {
    const wanted = withoutTopStyle(yamlValueOf(value))
    const own: TextEdit[] = []
    if (!addEdits(source, locateNode(source.root, path), path, wanted, own)) return undefined
    edits.push(...joinTouching(own))
    changes.push({ path, value: modelOfValue(wanted) })
  }
  if (overlap(edits)) return undefined
  const result = applyEdits(text, edits)
  return sameModel(modelOfText(result), withModelsAt(modelOf(source.root), changes)) ? result : undefined
}

/**
 * Adds the edits that put a value where `located` is, `path` from the root. False: several steps
 * are needed, each of which starts from the text that the one before it has left.
 */
function addEdits(
  source: SourceText,
  located: LocatedNode,
  path: PropertyPath,
  value: YamlValue,
  edits: TextEdit[],
): boolean {
  const { place, node, rest } = located
  if (rest.length > 0 || node === undefined) {
    edits.push(...create(source, located, path, value))
    return true
  }
  if (node.kind === 'mapping' && value.kind === 'mapping' && canMerge(node, value)) {
    if (!addsAtMostOne(node, value)) return false
    for (const { key, value: member } of value.pairs)
      if (!addEdits(source, locateIn(located, key.text), [...path, key.text], member, edits)) return false
    return true
  }
  if (node.kind === 'sequence' && value.kind === 'sequence' && node.items.length > 0 && value.items.length > 0) {
    if (node.items.length !== value.items.length) return false
    return value.items.every((item, index) => addEdits(source, locateIn(located, index), [...path, index], item, edits))
  }
  if (sameModel(modelOf(node), modelOfValue(value))) return true
  // The others would no longer have taken their style from it.
  if (source.setsHabits(node)) return false
  edits.push(...replaceNode(source, place, node, value))
  return true
}

/** True when the value has all keys of the mapping, and one more at most. */
function addsAtMostOne(node: YamlMapping, value: YamlValue & { kind: 'mapping' }): boolean {
  const wanted = value.pairs.map(({ key }) => key.text)
  const known = node.pairs.flatMap(({ key }) => (key.kind === 'scalar' ? [key.value] : []))
  return isPartOf(known, wanted) && wanted.length <= known.length + 1
}

/**
 * The edits of one assignment, those that touch made into one: their order is
 * known here, and nowhere else.
 */
function joinTouching(edits: readonly TextEdit[]): readonly TextEdit[] {
  if (edits.length < 2) return edits
  const result: TextEdit[] = []
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    const before = result.at(-1)
    if (before !== undefined && before.end === edit.start) {
      result[result.length - 1] = { start: before.start, end: edit.end, text: before.text + edit.text }
    } else result.push(edit)
  }
  return result
}

/**
 * True when the outcome would be a matter of chance: edits of the same text, or one that begins
 * where an insertion is made. An insertion behind a replaced text is made behind its replacement.
 */
function overlap(edits: readonly TextEdit[]): boolean {
  const ordered = inOrder(edits, (a, b) => a.start - b.start || a.end - b.end)
  return ordered.some((edit, at) => {
    const before = ordered[at - 1]
    if (before === undefined || samePlace(edit, before)) return false
    return edit.start < before.end || (edit.start === before.end && (isInsertion(before) || !isInsertion(edit)))
  })
}

function isInsertion({ start, end }: TextEdit): boolean {
  return start === end
}

function samePlace(one: TextEdit, other: TextEdit): boolean {
  return one.start === other.start && one.end === other.start && other.end === other.start
}
