import { listRotators, parseEnvironment } from '../../language/index.ts'
import { decode, formatPropertyPath, getAt, type Node, type PropertyPath, parsePropertyPath } from '../../yaml/index.ts'

/**
 * One change that a copy makes, at a path of the document. `keep`: the destination's value stays,
 * because of the credentials in it.
 */
export interface MergeStep {
  readonly action: 'add' | 'replace' | 'keep'
  readonly path: PropertyPath
  readonly value: Node
}

/** A rotator of a definition. */
export interface PlacedRotator {
  readonly path: PropertyPath
  readonly provider: string | undefined
  readonly statePath: PropertyPath
  /** It holds credentials. */
  readonly rotated: boolean
}

export interface MergeSide {
  /** The document. */
  readonly root: Node | undefined
  readonly rotators: readonly PlacedRotator[]
}

/** A definition as something to merge. `name`: what its positions are reported under. */
export function mergeSide(name: string, definition: string): MergeSide {
  const root = decode(name, definition).node
  const { environment } = parseEnvironment(name, definition)
  const rotators = environment === undefined ? [] : listRotators(environment)
  return {
    root,
    rotators: rotators.map(({ path, provider, statePath }) => {
      const state = parsePropertyPath(statePath)
      return {
        path: parsePropertyPath(path),
        provider,
        statePath: state,
        rotated: getAt(root, state) !== undefined,
      }
    }),
  }
}

/**
 * Returns the steps that copy the value at a path of the document, key by key. Mappings are merged:
 * what only the destination has stays. Calls, lists and single values are replaced as a
 * whole, but never where that would take away the state of a rotator. Of a rotator that both
 * have, the inputs are merged.
 */
export function mergeSteps(path: PropertyPath, source: MergeSide, destination: MergeSide): MergeStep[] {
  const wanted = getAt(source.root, path)
  const present = getAt(destination.root, path)
  if (wanted === undefined) return []
  if (present === undefined) return [{ action: 'add', path, value: wanted }]
  if (sameNode(wanted, present)) return []
  const below = (keys: readonly (string | number)[]) =>
    keys.flatMap((key) => mergeSteps([...path, key], source, destination))
  const holds = destination.rotators.some(({ rotated, statePath }) => rotated && isAtOrBelow(statePath, path))
  const held = destination.rotators.find((each) => each.rotated && samePath(each.path, path))
  if (held !== undefined) {
    const same = source.rotators.find((each) => samePath(each.path, path))
    const inSameForm = same !== undefined && samePath(same.statePath, held.statePath)
    return inSameForm && same.provider === held.provider
      ? mergeSteps([...held.statePath.slice(0, -1), 'inputs'], source, destination)
      : [{ action: 'keep', path, value: wanted }]
  }
  if (isMapping(wanted) && isMapping(present)) return below(wanted.entries.map(({ key }) => key.value))
  if (holds && wanted.kind === 'array' && present.kind === 'array') return below([...wanted.elements.keys()])
  return [{ action: holds ? 'keep' : 'replace', path, value: wanted }]
}

/** A mapping of values, not the call of a function. */
function isMapping(node: Node): node is Node & { readonly kind: 'object' } {
  return node.kind === 'object' && !(node.entries.length === 1 && node.entries[0]?.key.value.startsWith('fn::'))
}

function sameNode(a: Node, b: Node | undefined): boolean {
  if (b === undefined) return false
  if (a.kind === 'object' && b.kind === 'object') {
    return (
      a.entries.length === b.entries.length &&
      a.entries.every(({ key, value }) => {
        const other = getAt(b, [key.value])
        return other !== undefined && sameNode(value, other)
      })
    )
  }
  if (a.kind === 'array' && b.kind === 'array') {
    return (
      a.elements.length === b.elements.length && a.elements.every((each, index) => sameNode(each, b.elements[index]))
    )
  }
  if (a.kind === 'number' && b.kind === 'number') return a.text === b.text
  return a.kind === b.kind && ('value' in a ? a.value : null) === ('value' in b ? b.value : null)
}

function samePath(a: PropertyPath, b: PropertyPath): boolean {
  return a.length === b.length && isAtOrBelow(a, b)
}

export function isAtOrBelow(path: PropertyPath, above: PropertyPath): boolean {
  return above.length <= path.length && above.every((key, index) => path[index] === key)
}

/** A path of the document as people name it: without the `values.` before it. */
export function shownBelowValues(path: PropertyPath): string {
  return formatPropertyPath(path.slice(1))
}
