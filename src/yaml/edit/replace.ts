import { present } from '../../present.ts'
import type { YamlNode } from '../parser/tree.ts'
import type { NodeSlot } from './place.ts'
import { isBlockScalar } from './place.ts'
import type { Rendered } from './render.ts'
import { indent, renderFlow, renderItem, renderMember, renderRoot } from './render.ts'
import type { SourceText, TextEdit } from './source.ts'
import type { YamlValue } from './yaml-data.ts'

/**
 * The edits that put a value in the place of a node. A scalar keeps its quotes, if the value is a
 * string, and its comment.
 */
export function replaceNode(source: SourceText, place: NodeSlot, node: YamlNode, value: YamlValue): TextEdit[] {
  const styled = withStyleOf(node, value)
  if (place.inFlow) return replaceInFlow(place, node, styled)
  switch (place.kind) {
    case 'root':
      return replaceRoot(source, node, styled)
    case 'member': {
      const column = source.columnOfMembers(place.mapping)
      const rendered = renderMember(styled, source)
      const { valueIndicatorEnd, key } = place.pair
      if (valueIndicatorEnd !== undefined)
        return replaceBehind(source, valueIndicatorEnd, node, styled, rendered, column)
      // `? key` alone: the value goes on a line of its own.
      const text = [`:${rendered.inline === '' ? '' : ` ${rendered.inline}`}`, ...rendered.lines]
      return [insertLines(source, source.lineEnd(key.end), indent(text, column), rendered.endsInBreak)]
    }
    case 'item': {
      const dash = present(place.sequence.entryStarts[place.index])
      return replaceBehind(source, dash + 1, node, styled, renderItem(styled, source), source.columnOf(dash))
    }
  }
}

function withStyleOf(node: YamlNode, value: YamlValue): YamlValue {
  if (value.kind !== 'scalar') return isFilledFlow(node) ? { ...value, flow: true } : value
  if (!value.isString || node.kind !== 'scalar' || node.style === 'plain' || value.style === 'double') return value
  return { ...value, style: node.style }
}

/**
 * A flow collection with something in it; an empty one says nothing about how its
 * writer likes collections.
 */
function isFilledFlow(node: YamlNode): boolean {
  if (node.kind === 'mapping') return node.flow && node.pairs.length > 0
  return node.kind === 'sequence' && node.flow && node.items.length > 0
}

function replaceInFlow(place: NodeSlot, node: YamlNode, value: YamlValue): TextEdit[] {
  const text = renderFlow(value)
  if (place.kind === 'member') {
    const { valueIndicatorEnd, key } = place.pair
    if (valueIndicatorEnd === undefined) return [{ start: key.end, end: key.end, text: `: ${text}` }]
    if (node.start === node.end) return [{ start: valueIndicatorEnd, end: valueIndicatorEnd, text: ` ${text}` }]
  }
  return [{ start: node.start, end: node.end, text }]
}

/**
 * A value behind an indicator (`:` or `-`) whose collection has its members in `column`;
 * `rendered` is how it looks there.
 */
function replaceBehind(
  source: SourceText,
  indicatorEnd: number,
  node: YamlNode,
  value: YamlValue,
  rendered: Rendered,
  column: number,
): TextEdit[] {
  const body = indent(rendered.lines, column)
  const onIndicatorLine = source.sameLine(indicatorEnd, node.start)
  if (!onIndicatorLine) {
    const between = source.text.slice(source.lineEnd(indicatorEnd), node.start)
    const isPlainLine = node.kind === 'scalar' && !isBlockScalar(node) && body.length === 0
    // A value on a line of its own stays there when it is still one line, or when
    // comments above it would be lost.
    if (isPlainLine || (between.includes('#') && !isEmptyCollection(value)))
      return replaceOnOwnLine(source, node, value)
  }

  // `- a: 1`: the lines below must stand in the column of the first key, one blank behind the dash.
  const start = value.kind !== 'scalar' && body.length > 0 ? indicatorEnd : node.start
  const edits: TextEdit[] = []
  /** Up to where the old value's lines go. */
  let end: number
  if (onIndicatorLine && isBlockScalar(node)) {
    const [header = ''] = /^[|>][-+0-9]*/.exec(source.text.slice(node.contentStart)) ?? []
    const headerEnd = node.contentStart + header.length
    const headerLineEnd = source.lineEnd(headerEnd)
    edits.push(behind(indicatorEnd, start, headerEnd, rendered.inline))
    end = Math.max(node.end, headerLineEnd)
    if (end > headerLineEnd) edits.push({ start: headerLineEnd, end, text: '' })
  } else if (onIndicatorLine) {
    end = Math.max(endOfLines(source, node, value), indicatorEnd)
    edits.push(behind(indicatorEnd, start, end, rendered.inline))
  } else {
    const lineEnd = source.lineEnd(indicatorEnd)
    edits.push(behind(indicatorEnd, indicatorEnd, indicatorEnd, rendered.inline))
    end = endOfLines(source, node, value)
    edits.push({ start: lineEnd, end, text: '' })
  }
  if (body.length > 0) edits.push(insertLines(source, source.lineEnd(end), body, rendered.endsInBreak))
  return edits
}

/** A value on a line below its indicator, written where the old one stands. */
function replaceOnOwnLine(source: SourceText, node: YamlNode, value: YamlValue): TextEdit[] {
  const { lines, endsInBreak } = renderRoot(value, source)
  const [first = '', ...others] = lines
  const edits = [{ start: node.start, end: node.end, text: first }]
  if (others.length > 0) {
    const below = indent(others, source.columnOf(node.start))
    edits.push(insertLines(source, source.lineEnd(node.end), below, endsInBreak))
  }
  return edits
}

/**
 * Returns the place where the lines of a value end. The comment behind a single line stays with the
 * value, unless that becomes empty.
 */
function endOfLines(source: SourceText, node: YamlNode, value: YamlValue): number {
  const isBlockCollection = (node.kind === 'mapping' || node.kind === 'sequence') && !node.flow
  const keepsComment = source.sameLine(node.start, node.end) && !isEmptyCollection(value)
  return isBlockCollection && !keepsComment ? source.lineEnd(node.end) : node.end
}

function isEmptyCollection(value: YamlValue): boolean {
  return value.kind !== 'scalar' && (value.kind === 'mapping' ? value.pairs : value.items).length === 0
}

/**
 * Text behind an indicator. Blanks that separated the old text from it stay
 * where there is a new one.
 */
function behind(indicatorEnd: number, start: number, end: number, inline: string): TextEdit {
  if (inline === '') return { start: indicatorEnd, end, text: '' }
  return start > indicatorEnd ? { start, end, text: inline } : { start, end, text: ` ${inline}` }
}

function replaceRoot(source: SourceText, node: YamlNode, value: YamlValue): TextEdit[] {
  const { lines, endsInBreak } = renderRoot(value, source)
  const end = endOfLines(source, node, value)
  const atLineStart = source.startsLine(node.start)
  const column = atLineStart ? source.columnOf(node.start) : 0
  const [first = '', ...others] = lines
  const text = [atLineStart || lines.length === 1 ? first : `${source.eol}${first}`, ...indent(others, column)].join(
    source.eol,
  )
  // An empty document: what follows it, if anything, starts a line.
  if (node.start === node.end) return [{ start: node.start, end, text: (atLineStart ? '' : ' ') + text + source.eol }]
  const final = endsInBreak && end === source.text.length ? source.eol : ''
  const lineEnd = source.lineEnd(end)
  const comment = source.text.slice(end, lineEnd).trim()
  if (lines.length > 1 && atLineStart && comment.startsWith('#')) {
    // A comment behind `{}` must not end up inside the last of the new lines.
    const above = comment + source.eol + ' '.repeat(column)
    return [{ start: node.start, end: lineEnd, text: above + text + final }]
  }
  return [{ start: node.start, end, text: text + final }]
}

/** Whole lines, inserted behind the line that ends at `lineEnd`. */
export function insertLines(
  source: SourceText,
  lineEnd: number,
  lines: readonly string[],
  endsInBreak: boolean,
): TextEdit {
  const final = endsInBreak && lineEnd === source.text.length ? source.eol : ''
  return { start: lineEnd, end: lineEnd, text: source.eol + lines.join(source.eol) + final }
}
