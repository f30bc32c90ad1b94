import type { PropertyPath } from '../property-path.ts'
import { canMerge, create, setAt, withoutTopStyle } from './edit.ts'
import { type Model, modelOf, modelOfText, modelOfValue, sameModel, withModelsAt } from './model.ts'
import { type LocatedNode, locateIn, locateNode } from './place.ts'
import { replaceNode } from './replace.ts'
import { applyEdits, SourceText, type TextEdit } from './source.ts'
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
    const own = editsFor(source, locateNode(source.root, path), path, wanted)
    if (own === undefined) return undefined
    edits.push(...joinTouching(own))
    changes.push({ path, value: modelOfValue(wanted) })
  }
  if (overlap(edits)) return undefined
  const result = applyEdits(text, edits)
  return sameModel(modelOfText(result), withModelsAt(modelOf(source.root), changes)) ? result : undefined
}

/**
 * `undefined` when several steps are needed, each of which starts from the text that
 * the one before it has left. `path` is where `located` is, from the root.
 */
function editsFor(
  source: SourceText,
  located: LocatedNode,
  path: PropertyPath,
  value: YamlValue,
): TextEdit[] | undefined {
  const { place, node, rest } = located
  if (rest.length > 0 || node === undefined) return create(source, located, path, value)
  if (node.kind === 'mapping' && value.kind === 'mapping' && canMerge(node, value)) {
    const wanted = new Set(value.pairs.map(({ key }) => key.text))
    const known = node.pairs.map(({ key }) => (key.kind === 'scalar' ? key.value : undefined))
    if (known.some((key) => key !== undefined && !wanted.has(key))) return undefined
    const added = value.pairs.filter(({ key }) => !known.includes(key.text))
    if (added.length > 1) return undefined
    return joined(
      value.pairs.map(({ key, value: member }) =>
        editsFor(source, locateIn(located, key.text), [...path, key.text], member),
      ),
    )
  }
  if (node.kind === 'sequence' && value.kind === 'sequence' && node.items.length > 0 && value.items.length > 0) {
    if (node.items.length !== value.items.length) return undefined
    return joined(value.items.map((item, index) => editsFor(source, locateIn(located, index), [...path, index], item)))
  }
  if (sameModel(modelOf(node), modelOfValue(value))) return []
  // The others would no longer have taken their style from it.
  if (source.setsHabits(node)) return undefined
  return replaceNode(source, place, node, value)
}

/**
 * The edits of one assignment, those that touch made into one: their order is
 * known here, and nowhere else.
 */
function joinTouching(edits: readonly TextEdit[]): TextEdit[] {
  const result: TextEdit[] = []
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    const before = result.at(-1)
    if (before !== undefined && before.end === edit.start) {
      result[result.length - 1] = { start: before.start, end: edit.end, text: before.text + edit.text }
    } else result.push(edit)
  }
  return result
}

function joined(parts: readonly (TextEdit[] | undefined)[]): TextEdit[] | undefined {
  const found = parts.filter((part) => part !== undefined)
  return found.length < parts.length ? undefined : found.flat()
}

/**
 * True when the outcome would be a matter of chance: edits of the same text, or one that begins
 * where an insertion is made. An insertion behind a replaced text is made behind its replacement.
 */
function overlap(edits: readonly TextEdit[]): boolean {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
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
