/** Kinds of token, as small integers: the scanner and parser compare them millions of times. */
export const T = {
  streamEnd: 0,
  versionDirective: 1,
  tagDirective: 2,
  documentStart: 3,
  documentEnd: 4,
  blockSequenceStart: 5,
  blockMappingStart: 6,
  blockEnd: 7,
  flowSequenceStart: 8,
  flowSequenceEnd: 9,
  flowMappingStart: 10,
  flowMappingEnd: 11,
  blockEntry: 12,
  flowEntry: 13,
  key: 14,
  value: 15,
  alias: 16,
  anchor: 17,
  tag: 18,
  scalar: 19,
} as const

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded'

/** A mapping key that has no `?` before it: known to be a key only when its `:` turns up. */
export interface SimpleKey {
  possible: boolean
  /** In a block, what stands at the indentation of its mapping must be a key. */
  readonly required: boolean
  readonly tokenNumber: number
  readonly offset: number
  readonly line: number
  readonly column: number
}

export class Token {
  readonly type: number
  /** Offsets into the text, UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** The place of the start; both count from 0. */
  readonly line: number
  readonly column: number
  /** Scalar value, name of anchor or alias, tag handle, version. */
  readonly value: string
  /** Tag suffix or prefix. */
  readonly suffix: string
  readonly style: ScalarStyle
  simpleKey: SimpleKey | undefined = undefined

  constructor(
    type: number,
    start: number,
    end: number,
    line: number,
    column: number,
    value = '',
    style: ScalarStyle = 'plain',
    suffix = '',
  ) {
    this.type = type
    this.start = start
    this.end = end
    this.line = line
    this.column = column
    this.value = value
    this.style = style
    this.suffix = suffix
  }
}
