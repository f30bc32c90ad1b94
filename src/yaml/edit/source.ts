import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { isBlank, isBreak } from '../parser/cursor.ts'
import { parseYaml } from '../parser/parser.ts'
import type { YamlNode } from '../parser/tree.ts'
import { YamlSyntaxError } from '../parser/yaml-syntax-error.ts'
import type { Habits } from './render.ts'

/**
 * A piece of text to be replaced. Edits of one batch must not overlap; those at one
 * place are applied in order.
 */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Applies a batch of edits whose offsets all refer to `text`. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = ''
  let at = 0
  for (const edit of inOrder(edits, (a, b) => a.start - b.start)) {
    if (edit.start < at) throw new Error('edits overlap')
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** The edits sorted; those that are equal stay as they are. Most often all do. */
export function inOrder(
  edits: readonly TextEdit[],
  compare: (a: TextEdit, b: TextEdit) => number,
): readonly TextEdit[] {
  const isOrdered = edits.every((edit, at) => at === 0 || compare(edits[at - 1] as TextEdit, edit) <= 0)
  return isOrdered ? edits : [...edits].sort(compare)
}

/** A definition that is about to be edited: its text, its tree and its habits. */
export class SourceText implements Habits {
  readonly text: string
  /** Absent when there is no document, or an empty one. */
  readonly root: YamlNode | undefined
  /** The line end that the text uses. */
  readonly eol: string
  readonly step: number
  readonly sequenceOffset: number
  /** The collections that `step` and `sequenceOffset` were taken from. */
  readonly #examples: readonly YamlNode[]

  /** Throws `invalid_definition` when the text is no YAML. */
  constructor(text: string) {
    this.text = text
    try {
      this.root = parseYaml(text).root
    } catch (error) {
      if (!(error instanceof YamlSyntaxError)) throw error
      throw new EscError('invalid_definition', `yaml: ${error.message}`, {
        cause: error,
        hint: 'correct the definition first',
      })
    }
    this.eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n'
    const { step, sequenceOffset, examples } = this.#findHabits()
    this.step = step ?? 2
    this.sequenceOffset = sequenceOffset ?? this.step
    this.#examples = examples
  }

  /** Offset at which the line of `offset` starts. */
  lineStart(offset: number): number {
    let at = offset
    while (at > 0 && !isBreak(this.text.charCodeAt(at - 1))) at--
    return at === 0 && this.text.charCodeAt(0) === 0xfeff ? 1 : at
  }

  /**
   * Offset of the break that ends the line of `offset`, or of the end of the text; no further
   * than `limit`. A text of one line is as long as the whole of it.
   */
  lineEnd(offset: number, limit = this.text.length): number {
    let at = offset
    while (at < limit && !isBreak(this.text.charCodeAt(at))) at++
    return at
  }

  /** Offset at which the line after the one of `offset` starts, or the end of the text. */
  nextLine(offset: number): number {
    const end = this.lineEnd(offset)
    if (end === this.text.length) return end
    return end + (this.text.startsWith('\r\n', end) ? 2 : 1)
  }

  columnOf(offset: number): number {
    return offset - this.lineStart(offset)
  }

  /** True when only blanks stand before `offset` on its line. */
  startsLine(offset: number): boolean {
    let at = offset
    while (at > 0 && isBlank(this.text.charCodeAt(at - 1))) at--
    return at === 0 || isBreak(this.text.charCodeAt(at - 1)) || (at === 1 && this.text.charCodeAt(0) === 0xfeff)
  }

  sameLine(a: number, b: number): boolean {
    return this.lineEnd(a, b) >= b
  }

  /** The column at which members of a block collection stand: that of its first key or dash. */
  columnOfMembers(node: YamlNode): number {
    if (node.kind === 'mapping') return this.columnOf(present(node.pairs[0]).start)
    if (node.kind === 'sequence') return this.columnOf(present(node.entryStarts[0]))
    return this.columnOf(node.start)
  }

  /**
   * True when the document's indentation was taken from something inside `node`: without it, what
   * is left may show another.
   */
  setsHabits(node: YamlNode): boolean {
    return this.#examples.some((example) => node.start <= example.start && example.start < node.end)
  }

  /** The first indentations in the document, which the rest is assumed to share. */
  #findHabits(): { step: number | undefined; sequenceOffset: number | undefined; examples: YamlNode[] } {
    const examples: YamlNode[] = []
    let step: number | undefined
    let sequenceOffset: number | undefined
    const visit = (node: YamlNode): void => {
      if (step !== undefined && sequenceOffset !== undefined) return
      if (node.kind === 'sequence' && !node.flow) {
        for (const item of node.items) visit(item)
      } else if (node.kind === 'mapping' && !node.flow) {
        const column = this.columnOfMembers(node)
        for (const { value } of node.pairs) {
          if (value.kind === 'mapping' && !value.flow && step === undefined) {
            step = this.columnOfMembers(value) - column
            examples.push(value)
          }
          if (value.kind === 'sequence' && !value.flow && sequenceOffset === undefined) {
            sequenceOffset = this.columnOfMembers(value) - column
            examples.push(value)
          }
          visit(value)
        }
      }
    }
    if (this.root !== undefined) visit(this.root)
    if (step === undefined && sequenceOffset !== undefined && sequenceOffset > 0) step = sequenceOffset
    return { step, sequenceOffset, examples }
  }
}
