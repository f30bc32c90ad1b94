import type { Range } from './diagnostic.ts'

/** Offsets into the source text (UTF-16 code units): from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface NodeBase {
  /**
   * The range that diagnostics and traces show (`docs/language.md`, "Ranges"): approximate by
   * design. Absent: rangeless.
   */
  readonly range: Range | undefined
  /** Document path of the node, such as `values.a["b.c"][0]`; empty for the root. */
  readonly path: string
  /**
   * Exactly the source text of the node, tag and quotes included: what an edit replaces. Absent
   * for nodes made by program.
   */
  readonly span: Span | undefined
}

export interface NullNode extends NodeBase {
  readonly kind: 'null'
}
export interface BooleanNode extends NodeBase {
  readonly kind: 'boolean'
  readonly value: boolean
}
export interface NumberNode extends NodeBase {
  readonly kind: 'number'
  /** Normalised decimal text. */
  readonly text: string
}
export interface StringNode extends NodeBase {
  readonly kind: 'string'
  readonly value: string
  /** True when parts of the scalar can have ranges of their own: plain, untagged, on one line. */
  readonly divisible: boolean
}
export interface ArrayNode extends NodeBase {
  readonly kind: 'array'
  readonly elements: readonly Node[]
}
export interface ObjectNode extends NodeBase {
  readonly kind: 'object'
  /** In document order; duplicate keys are all kept. */
  readonly entries: readonly ObjectEntry[]
}
export interface ObjectEntry {
  readonly key: StringNode
  readonly value: Node
}

export type Node = NullNode | BooleanNode | NumberNode | StringNode | ArrayNode | ObjectNode
