import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { JsonNumber, type JsonObject } from '../../src/json.ts'
import { parseJson } from '../../src/read-json.ts'
import { type Decoded, decode, type Node } from '../../src/yaml/index.ts'
import { dataOf, recordedDiagnostic, recordedRange } from './definition-data.ts'
import { type CaseResult, outcomeOf } from './result.ts'

/**
 * Replays recorded decodings: folders of `doc.yaml`, `decoded.json` and `encoded.yaml`. Nodes,
 * ranges and diagnostics must agree exactly; of `encoded.yaml` only the data, since we do not write
 * documents anew.
 */
export async function replay(directory: string): Promise<CaseResult[]> {
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  return Promise.all(folders.map(({ name }) => outcomeOf('yaml', name, () => check(directory, name))))
}

async function check(directory: string, name: string): Promise<string | undefined> {
  const read = (file: string) => readFile(join(directory, name, file), 'utf8')
  const decoded = decode(name, await read('doc.yaml'))
  const expected = parseJson(await read('decoded.json')) as JsonObject
  const syntax = plain(decoded.node === undefined ? undefined : recordedNode(decoded.node))
  if (!isDeepStrictEqual(syntax, plain(expected.syntax))) return 'nodes or ranges differ'
  if (!isDeepStrictEqual(recordedDiagnostics(decoded), essentials(expected.diags))) return 'diagnostics differ'
  const encoded = decode(name, await read('encoded.yaml'))
  if (!isDeepStrictEqual(dataOf(decoded.node), dataOf(encoded.node))) return 'the emitted document says something else'
  return undefined
}

function recordedNode(node: Node): object {
  const range = node.range === undefined ? {} : { range: recordedRange(node.range) }
  switch (node.kind) {
    case 'null':
      return range
    case 'number':
      return { literal: new JsonNumber(node.text), ...range }
    case 'array':
      return { ...(node.elements.length > 0 && { array: node.elements.map(recordedNode) }), ...range }
    case 'object': {
      const pairs = node.entries.map(({ key, value }) => ({ key: recordedNode(key), value: recordedNode(value) }))
      return { ...(pairs.length > 0 && { object: pairs }), ...range }
    }
    default:
      return { literal: node.value, ...range }
  }
}

function recordedDiagnostics({ diagnostics }: Decoded): unknown {
  const sorted = diagnostics.map(recordedDiagnostic).sort((a, b) => {
    const [left, right] = [a.Subject?.Start, b.Subject?.Start]
    if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
    return left.Line - right.Line || left.Column - right.Column
  })
  return plain(sorted)
}

function essentials(diagnostics: unknown): unknown {
  const list = (diagnostics ?? []) as JsonObject[]
  return plain(
    list.map(({ Severity, Summary, Subject, Path }) => ({ Severity, Summary, Subject: Subject ?? null, Path })),
  )
}

/** Objects without their prototypes, positions as numbers: what can be compared deeply. */
function plain(value: unknown): unknown {
  if (value instanceof JsonNumber) return { number: value.text }
  if (typeof value === 'number') return { number: String(value) }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
  }
  return value
}
