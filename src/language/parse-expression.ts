import { compareKeys } from '../json.ts'
import { type Diagnostic, type Node, type ObjectNode, quote, type StringNode } from '../yaml/index.ts'
import { builtinOfKey } from './builtins.ts'
import type { Expression, ObjectProperty } from './expression.ts'
import { functionHint, parseCall } from './parse-call.ts'
import { pieceRange, scanInterpolation } from './property-access.ts'

/** Deeper documents are refused, so that nothing that walks a document can run out of stack. */
const maxNesting = 500

/** The number of unknown functions per document that get a hint. */
const maxHints = 20

/** Makes expressions of nodes, numbers them and collects the mistakes. */
export class ExpressionParser {
  readonly diagnostics: Diagnostic[] = []
  #count = 0
  #depth = 0
  #hints = 0

  get expressionCount(): number {
    return this.#count
  }

  nextId(): number {
    return this.#count++
  }

  error(summary: string, at: { readonly node?: Node }, path = at.node?.path ?? ''): void {
    this.report('error', summary, at.node, path)
  }

  report(
    severity: Diagnostic['severity'],
    summary: string,
    node: Node | undefined,
    path = node?.path ?? '',
    hint?: string,
  ): void {
    const remedy = hint === undefined ? {} : { hint }
    const diagnostic = { severity, summary, path, ...remedy } as const
    this.diagnostics.push(node?.range ? { ...diagnostic, range: node.range } : diagnostic)
  }

  /** A text with very many mistakes gets no more of them than anybody reads. */
  #functionHint(key: string): string | undefined {
    return this.#hints++ < maxHints ? functionHint(key) : undefined
  }

  missing(): Expression {
    return { kind: 'missing', id: this.nextId(), node: undefined }
  }

  expression(node: Node): Expression {
    if (node.kind === 'string') return this.string(node)
    if (node.kind === 'array' || node.kind === 'object') {
      if (this.#depth >= maxNesting) {
        this.error(`values cannot be nested more than ${maxNesting} levels deep`, { node })
        return { kind: 'missing', id: this.nextId(), node }
      }
      this.#depth++
      const parsed =
        node.kind === 'array'
          ? ({
              kind: 'array',
              id: this.nextId(),
              node,
              elements: node.elements.map((e) => this.expression(e)),
            } as const)
          : this.#mapping(node)
      this.#depth--
      return parsed
    }
    const id = this.nextId()
    if (node.kind === 'null') return { kind: 'null', id, node }
    if (node.kind === 'boolean') return { kind: 'boolean', id, node, value: node.value }
    return { kind: 'number', id, node, text: node.text }
  }

  string(node: StringNode): Expression {
    const id = this.nextId()
    const parts = this.#scan(node)
    const first = parts[0]
    if (parts.length === 0) return { kind: 'string', id, node, value: '' }
    if (parts.length === 1 && first !== undefined) {
      if (first.access === undefined) return { kind: 'string', id, node, value: first.text }
      if (first.text === '') return { kind: 'symbol', id, node, access: first.access }
    }
    return { kind: 'interpolation', id, node, parts }
  }

  #scan(node: StringNode) {
    return scanInterpolation(node.value, ({ summary, start, end }) => {
      const range = pieceRange(node, start, end) ?? node.range
      this.diagnostics.push({ severity: 'error', summary, range, path: node.path })
    })
  }

  #mapping(node: ObjectNode): Expression {
    const only = node.entries.length === 1 ? node.entries[0] : undefined
    if (only === undefined) {
      for (const { key } of node.entries)
        if (key.value.startsWith('fn::'))
          this.error(
            `illegal call to builtin function: ${quote(key.value)} must be the only key within its containing object`,
            { node },
          )
    } else {
      const call = this.#call(node, only.key, only.value)
      if (call !== undefined) return call
    }
    const id = this.nextId()
    const entries = node.entries.map(({ key, value }) => this.#property(key, value))
    return { kind: 'object', id, node, entries, properties: firstOfEachKey(entries) }
  }

  /** The call that a mapping with this only key is. `undefined` when it is none. */
  #call(node: ObjectNode, key: StringNode, argument: Node): Expression | undefined {
    const name = builtinOfKey(key.value)
    if (name !== undefined) {
      const id = this.nextId()
      return parseCall(this, id, name, node, key, this.expression(argument))
    }
    if (key.value.toLowerCase().startsWith('fn::'))
      this.report('error', "'fn::' is a reserved prefix", key, node.path, this.#functionHint(key.value))
    return undefined
  }

  /** A nested key: `$$` is unescaped in it, and references are refused. */
  #property(keyNode: StringNode, value: Node): ObjectProperty {
    if (!keyNode.value.includes('$')) return { key: keyNode.value, keyNode, value: this.expression(value), valid: true }
    const parts = this.#scan(keyNode)
    const valid = parts.every((part) => part.access === undefined)
    if (!valid) this.error('object keys must be strings', { node: keyNode })
    return { key: valid ? (parts[0]?.text ?? '') : '', keyNode, value: this.expression(value), valid }
  }
}

/**
 * Returns the properties of an object when a key stands more than once: the first counts. In key
 * order.
 */
export function firstOfEachKey(entries: readonly ObjectProperty[]): ReadonlyMap<string, ObjectProperty> {
  const found = new Map<string, ObjectProperty>()
  let sorted = true
  let last: string | undefined
  for (const entry of entries) {
    if (!entry.valid || found.has(entry.key)) continue
    if (last !== undefined && compareKeys(last, entry.key) > 0) sorted = false
    last = entry.key
    found.set(entry.key, entry)
  }
  if (sorted) return found
  return new Map([...found].sort((a, b) => compareKeys(a[0], b[0])))
}
