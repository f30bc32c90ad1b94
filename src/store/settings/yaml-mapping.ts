import { EscError } from '../../errors.ts'
import type { Json, JsonObject } from '../../json.ts'
import { decode, type Node, placeOf } from '../../yaml/index.ts'
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
    if (/^<{7,} /m.test(text)) throw damaged(file, 'holds an unfinished git merge')
    const [first] = diagnostics
    throw damaged((first && placeOf(first)) ?? file, `cannot be read: ${first?.summary}`)
  }
  const twice = node?.kind === 'object' ? duplicateKey(node.entries.map(({ key }) => key.value)) : undefined
  if (twice !== undefined) throw damaged(file, `says ${twice} twice`)
  const data = node === undefined ? Object.create(null) : dataOf(node)
  if (node !== undefined && node.kind !== 'object') throw damaged(file, 'is no mapping')
  return data as JsonObject
}

export function damaged(file: string, problem: string): EscError {
  return new EscError('store_damaged', `${file} ${problem}`, { hint: 'restore the file from the git history' })
}

function dataOf(node: Node): Json {
  switch (node.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'string':
      return node.value
    case 'number':
      return Number(node.text)
    case 'array':
      return node.elements.map(dataOf)
    case 'object': {
      const data: Record<string, Json> = Object.create(null)
      for (const { key, value } of node.entries) data[key.value] = dataOf(value)
      return data
    }
  }
}

function duplicateKey(keys: readonly string[]): string | undefined {
  return keys.find((key, index) => keys.indexOf(key) !== index)
}
