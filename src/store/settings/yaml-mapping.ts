import { basename } from 'node:path'
import { EscError } from '../../errors.ts'
import type { Json, JsonObject } from '../../json.ts'
import { rich, step } from '../../rich-text.ts'
import { decode, type Node, type NumberNode, placeOf } from '../../yaml/index.ts'
import { parsePlainMapping } from './plain-mapping.ts'

/**
 * Reads a file of the store's own that must be a YAML mapping, as data without a prototype. Throws
 * `store_damaged`, naming the file.
 */
export function parseMapping(text: string, file: string): JsonObject {
  const plain = parsePlainMapping(text)
  if (plain !== undefined) return plain
  const { node, diagnostics, failed } = decode(file, text)
  if (failed) {
    if (/^<{7,} /m.test(text)) throw unfinishedMerge(file)
    const [first] = diagnostics
    throw damaged((first && placeOf(first)) ?? file, `cannot be read: ${first?.summary}`)
  }
  const twice = node?.kind === 'object' ? duplicateKey(node.entries.map(({ key }) => key.value)) : undefined
  if (twice !== undefined) throw damaged(file, `says ${twice} twice`)
  const data = node === undefined ? Object.create(null) : dataOf(node, text)
  if (node !== undefined && node.kind !== 'object') throw damaged(file, 'is not a mapping')
  return data as JsonObject
}

export function damaged(file: string, problem: string): EscError {
  return new EscError('store_damaged', `${file} ${problem}`, { hint: 'restore the file from the git history' })
}

function unfinishedMerge(file: string): EscError {
  return new EscError('store_damaged', `${file} holds an unfinished git merge`, {
    hint:
      basename(file) === 'esc.yaml'
        ? 'keep one side of each conflict in it, and finish the merge with git'
        : rich`${step('put its two sides together', { do: 'renumber-revisions' })}`,
  })
}

function dataOf(node: Node, text: string): Json {
  switch (node.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'string':
      return node.value
    case 'number':
      return numberOf(node, text)
    case 'array':
      return node.elements.map((element) => dataOf(element, text))
    case 'object': {
      const data: Record<string, Json> = Object.create(null)
      for (const { key, value } of node.entries) data[key.value] = dataOf(value, text)
      return data
    }
  }
}

/** Numbers of YAML 1.2: only earlier readers know underscores (`1_000`), `0b1` and `-0x1`. */
const yaml12Number = /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$/

/** The number; or the text as it is written where readers disagree whether it is a number. */
function numberOf(node: NumberNode, text: string): Json {
  const written = node.span === undefined ? node.text : text.slice(node.span.start, node.span.end)
  return yaml12Number.test(written) ? Number(node.text) : written
}

function duplicateKey(keys: readonly string[]): string | undefined {
  return keys.find((key, index) => keys.indexOf(key) !== index)
}
