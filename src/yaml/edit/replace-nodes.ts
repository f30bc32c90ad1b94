import { EscError } from '../../errors.ts'
import type { Node } from '../node.ts'
import type { YamlNode } from '../parser/tree.ts'
import { modelOf, modelOfText, sameModel } from './model.ts'
import type { NodeSlot } from './place.ts'
import { replaceNode } from './replace.ts'
import type { TextEdit } from './source.ts'
import { applyEdits, SourceText } from './source.ts'
import type { YamlData, YamlValue } from './yaml-data.ts'
import { onOneLine, yamlValueOf } from './yaml-data.ts'

/** A node that `decode` found in the text, and what to put in its place. */
export interface NodeReplacement {
  readonly node: Node
  readonly value: YamlData
}

/**
 * Replaces many nodes at once, none inside another, and nothing else; scalars keep their quotes and
 * all keep their comments. Unlike paths, nodes tell two values of one duplicate key apart.
 */
export function replaceNodes(text: string, replacements: readonly NodeReplacement[]): string {
  if (replacements.length === 0) return text
  const source = new SourceText(text)
  const wanted = new Map<string, YamlValue>()
  for (const { node, value } of replacements) {
    if (node.span === undefined) throw new Error(`${node.path} was not read from a text`)
    wanted.set(identity(node.span.start, node.span.end, kindOf(node)), yamlValueOf(value))
  }
  // A literal block would swallow an indented comment that follows it; text in quotes does not.
  const result = replaceAll(source, wanted) ?? replaceAll(source, mapValues(wanted, onOneLine))
  if (result === undefined) {
    throw new EscError('invalid_input', 'the definition cannot be changed without changing something else', {
      hint: 'rewrite its unusual parts in block style first',
    })
  }
  return result
}

function replaceAll(source: SourceText, wanted: ReadonlyMap<string, YamlValue>): string | undefined {
  const edits: TextEdit[] = []
  const replaced = new Map<YamlNode, YamlValue>()
  const visit = (node: YamlNode, place: NodeSlot): void => {
    const value = wanted.get(identity(node.start, node.end, node.kind))
    if (value !== undefined) {
      edits.push(...replaceNode(source, place, node, value))
      replaced.set(node, value)
    } else if (node.kind === 'sequence') {
      const inFlow = place.inFlow || node.flow
      for (const [index, item] of node.items.entries()) visit(item, { kind: 'item', sequence: node, index, inFlow })
    } else if (node.kind === 'mapping') {
      const inFlow = place.inFlow || node.flow
      for (const pair of node.pairs) visit(pair.value, { kind: 'member', mapping: node, pair, inFlow })
    }
  }
  if (source.root !== undefined) visit(source.root, { kind: 'root', inFlow: false })
  if (replaced.size !== wanted.size) return undefined
  const text = applyEdits(source.text, edits)
  return sameModel(modelOfText(text), modelOf(source.root, replaced)) ? text : undefined
}

function mapValues<K, V>(map: ReadonlyMap<K, V>, change: (value: V) => V): Map<K, V> {
  return new Map([...map].map(([key, value]) => [key, change(value)]))
}

function kindOf(node: Node): YamlNode['kind'] {
  if (node.kind === 'array') return 'sequence'
  return node.kind === 'object' ? 'mapping' : 'scalar'
}

function identity(start: number, end: number, kind: YamlNode['kind']): string {
  return `${kind} ${start} ${end}`
}
