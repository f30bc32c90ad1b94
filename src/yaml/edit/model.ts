import { present } from '../../present.ts'
import { parseYaml } from '../parser/parser.ts'
import type { YamlNode } from '../parser/tree.ts'
import type { PropertyPath } from '../property-path.ts'
import { resolveScalar } from '../resolve-scalar.ts'
import { resolveTagged } from '../resolve-tagged.ts'
import type { YamlValue } from './yaml-data.ts'

/** The meaning of a tree, without how it is written: what an edit must change exactly as asked. */
export type Model =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly text: string }
  | { readonly kind: 'sequence'; readonly items: readonly Model[] }
  | { readonly kind: 'mapping'; readonly pairs: readonly (readonly [key: string, value: Model])[] }

type ScalarType = 'null' | 'boolean' | 'number' | 'string' | 'alias' | 'problem' | 'no YAML'

const nothing: Model = { kind: 'scalar', type: 'null', text: '' }

/** The meaning of a tree; of nodes in `replaced`, that of the value put in their place. */
export function modelOf(yaml: YamlNode | undefined, replaced?: ReadonlyMap<YamlNode, YamlValue>): Model {
  if (yaml === undefined) return nothing
  const replacement = replaced?.get(yaml)
  if (replacement !== undefined) return modelOfValue(replacement)
  switch (yaml.kind) {
    case 'alias':
      return { kind: 'scalar', type: 'alias', text: yaml.name }
    case 'scalar':
      return modelOfScalar(yaml.value, yaml.tag, yaml.style !== 'plain')
    case 'sequence':
      return { kind: 'sequence', items: yaml.items.map((item) => modelOf(item, replaced)) }
    case 'mapping':
      return {
        kind: 'mapping',
        pairs: yaml.pairs.map(({ key, value }) => [keyOf(modelOf(key)), modelOf(value, replaced)] as const),
      }
  }
}

/**
 * The meaning of a text's first document; of a text that is no YAML, something
 * that nothing else means.
 */
export function modelOfText(text: string): Model {
  let root: YamlNode | undefined
  try {
    root = parseYaml(text).root
  } catch {
    return { kind: 'scalar', type: 'no YAML', text: '' }
  }
  return modelOf(root)
}

export function modelOfValue(value: YamlValue): Model {
  switch (value.kind) {
    case 'scalar':
      return modelOfScalar(value.text, '', value.isString)
    case 'sequence':
      return { kind: 'sequence', items: value.items.map(modelOfValue) }
    case 'mapping':
      return {
        kind: 'mapping',
        pairs: value.pairs.map(
          ({ key, value }) => [keyOf(modelOfScalar(key.text, '', true)), modelOfValue(value)] as const,
        ),
      }
  }
}

function modelOfScalar(text: string, tag: string, quoted: boolean): Model {
  if (tag === '' && quoted) return { kind: 'scalar', type: 'string', text: text.toWellFormed() }
  const resolved = tag === '' ? resolveScalar(text) : resolveTagged(tag, text)
  if ('problem' in resolved) return { kind: 'scalar', type: 'problem', text: `${tag} ${text}` }
  switch (resolved.kind) {
    case 'null':
      return nothing
    case 'boolean':
      return { kind: 'scalar', type: 'boolean', text: String(resolved.value) }
    case 'integer':
    case 'float':
      return { kind: 'scalar', type: 'number', text: resolved.text }
    case 'string':
      return { kind: 'scalar', type: 'string', text: text.toWellFormed() }
  }
}

/** The text that tells keys apart. */
function keyOf(key: Model): string {
  return key.kind === 'scalar' ? `${key.type} ${key.text}` : JSON.stringify(key)
}

/** True when two models say the same; the order of keys doesn't matter. */
export function sameModel(a: Model, b: Model | undefined): boolean {
  if (b === undefined) return false
  if (a.kind === 'scalar') return b.kind === 'scalar' && a.type === b.type && a.text === b.text
  if (a.kind === 'sequence') {
    return (
      b.kind === 'sequence' &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => sameModel(item, b.items[i]))
    )
  }
  if (b.kind !== 'mapping' || a.pairs.length !== b.pairs.length) return false
  const inOrder = a.pairs.every((pair, i) => pair[0] === b.pairs[i]?.[0])
  const [left, right] = inOrder ? [a.pairs, b.pairs] : [sorted(a.pairs), sorted(b.pairs)]
  return left.every((pair, i) => pair[0] === right[i]?.[0] && sameModel(pair[1], right[i]?.[1]))
}

function sorted(pairs: readonly (readonly [string, Model])[]) {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** A value to be put at a path of a model; `undefined` removes what is there. */
interface ModelChange {
  readonly path: PropertyPath
  readonly value: Model | undefined
}

/**
 * The model with the value at a path replaced or added; `undefined` removes it. The
 * path must have been checked.
 */
export function withModelAt(model: Model, path: PropertyPath, value: Model | undefined): Model | undefined {
  return withModelsAt(model, [{ path, value }])
}

/**
 * The same for many values, in their order and none inside another. Each collection on the way to
 * them is copied once, however many there are.
 */
export function withModelsAt(model: Model, changes: readonly ModelChange[], depth = 0): Model | undefined {
  const whole = changes.findLast(({ path }) => path.length === depth)
  if (whole !== undefined) return whole.value
  const groups = new Map<string | number, ModelChange[]>()
  for (const change of changes) {
    const element = present(change.path[depth])
    const group = groups.get(element)
    if (group === undefined) groups.set(element, [change])
    else group.push(change)
  }
  const isIndexed = typeof changes[0]?.path[depth] === 'number'
  return isIndexed ? withItems(model, groups, depth) : withMembers(model, groups, depth)
}

type Groups = ReadonlyMap<string | number, readonly ModelChange[]>

function withItems(model: Model, groups: Groups, depth: number): Model {
  const items: (Model | undefined)[] = model.kind === 'sequence' ? [...model.items] : []
  for (const [index, changes] of groups) {
    const at = Number(index)
    items[at] = withModelsAt(items[at] ?? nothing, changes, depth + 1)
  }
  return { kind: 'sequence', items: items.filter((item) => item !== undefined) }
}

function withMembers(model: Model, groups: Groups, depth: number): Model {
  const pairs: [string, Model | undefined][] =
    model.kind === 'mapping' ? model.pairs.map(([key, value]) => [key, value]) : []
  const places = new Map<string, number>()
  pairs.forEach(([key], at) => {
    if (!places.has(key)) places.set(key, at)
  })
  for (const [name, changes] of groups) {
    const key = keyOf(modelOfScalar(String(name), '', true))
    const at = places.get(key) ?? pairs.length
    pairs[at] = [key, withModelsAt(pairs[at]?.[1] ?? nothing, changes, depth + 1)]
  }
  return { kind: 'mapping', pairs: pairs.filter((pair): pair is [string, Model] => pair[1] !== undefined) }
}
