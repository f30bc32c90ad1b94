/** Boxes and the lines between them. Nothing here knows what they stand for. */
export interface Diagram {
  readonly nodes: readonly DiagramNode[]
  readonly links: readonly DiagramLink[]
  /** Ids of the nodes that a reader should begin at. */
  readonly roots: readonly string[]
}

export interface DiagramNode {
  readonly id: string
  readonly title: string
  /** Shown below the title, a line each. */
  readonly lines: readonly string[]
  readonly tone: Tone
}

export interface DiagramLink {
  readonly from: string
  readonly to: string
  /**
   * The words for the link in a sentence: `imports`. Drawings tell verbs apart by the line alone.
   */
  readonly verb: string
  readonly line: 'solid' | 'dashed'
  /** More about it, such as `@stable`. Empty: nothing. */
  readonly note: string
  readonly tone: Tone
}

/** `problem`: to be seen at first sight. */
export type Tone = 'plain' | 'problem'

/**
 * A text that changes nothing but itself: control characters, which a terminal would obey and
 * XML forbids, are replaced.
 */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]/g, '\ufffd').toWellFormed()
}
