import type { ScalarStyle } from './token.ts'

interface YamlBase {
  /** Offsets of the source text, anchor and tag included: UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** The place of `start`; both count from 0, columns in code points. */
  readonly line: number
  readonly column: number
  /** Resolved and shortened: `!!str`, `!custom`. Empty: none. */
  readonly tag: string
  /** Start of the content behind anchor and tag; equal to `start` when there are none. */
  readonly contentStart: number
}

export interface YamlScalar extends YamlBase {
  readonly kind: 'scalar'
  readonly style: ScalarStyle
  readonly value: string
}
export interface YamlAlias extends YamlBase {
  readonly kind: 'alias'
  readonly name: string
}
export interface YamlSequence extends YamlBase {
  readonly kind: 'sequence'
  readonly flow: boolean
  readonly items: readonly YamlNode[]
  /**
   * Offset of the dash of each item, in a block sequence; of the item itself in a flow sequence.
   */
  readonly entryStarts: readonly number[]
}
export interface YamlMapping extends YamlBase {
  readonly kind: 'mapping'
  readonly flow: boolean
  readonly pairs: readonly YamlPair[]
}
export interface YamlPair {
  /** The place where the pair begins: its `?`, or else its key. */
  readonly start: number
  readonly key: YamlNode
  readonly value: YamlNode
  /** Offset just behind the `:`; absent when there is none. */
  readonly valueIndicatorEnd: number | undefined
}

/** The text that was written, before scalars are given a meaning. */
export type YamlNode = YamlScalar | YamlAlias | YamlSequence | YamlMapping

export interface YamlDocument {
  /** Absent when the stream holds no document. */
  readonly root: YamlNode | undefined
  /** Absent when nothing but comments and document ends follows the document. */
  readonly rest?: RestOfStream
}

/**
 * The place where a stream goes on behind its first document. `start` counts UTF-16 units, line
 * and column count from 0.
 */
export interface RestOfStream {
  readonly start: number
  readonly line: number
  readonly column: number
}
