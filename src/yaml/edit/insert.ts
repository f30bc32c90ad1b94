import { present } from '../../present.ts'
import type { YamlMapping, YamlNode, YamlSequence } from '../parser/tree.ts'
import { formatScalar } from './format-scalar.ts'
import type { NodeSlot } from './place.ts'
import { endOfPair, isBlockScalar, lastLeaf } from './place.ts'
import { indent, renderFlow, renderItem, renderPair } from './render.ts'
import { insertLines } from './replace.ts'
import type { SourceText, TextEdit } from './source.ts'
import type { YamlValue } from './yaml-data.ts'

/** The edits that add a key behind the last one of a mapping that has some. */
export function insertPair(
  source: SourceText,
  place: NodeSlot,
  mapping: YamlMapping,
  name: string,
  value: YamlValue,
): TextEdit[] {
  const key = { kind: 'scalar', text: name, isString: true } as const
  const last = present(mapping.pairs.at(-1))
  if (place.inFlow || mapping.flow) {
    const text = `${formatScalar(key, 'flow-key')}: ${renderFlow(value)}`
    const braced = source.text[mapping.contentStart] === '{'
    if (braced) return insertInFlow(source, mapping, last.start, endOfPair(last), text)
    // `[a: b]`: a mapping of one pair, which needs braces to get a second one.
    return [
      { start: mapping.start, end: mapping.start, text: '{' },
      { start: mapping.end, end: mapping.end, text: `, ${text}}` },
    ]
  }
  const column = source.columnOfMembers(mapping)
  const { lines, endsInBreak } = renderPair(key, value, source)
  return insertBehind(source, mapping, endOfPair(last), column, indent(lines, column), endsInBreak)
}

/** The edits that add an item behind the last one of a sequence that has some. */
export function insertItem(source: SourceText, place: NodeSlot, sequence: YamlSequence, value: YamlValue): TextEdit[] {
  const lastStart = present(sequence.entryStarts.at(-1))
  const { end } = present(sequence.items.at(-1))
  if (place.inFlow || sequence.flow) return insertInFlow(source, sequence, lastStart, end, renderFlow(value))
  const column = source.columnOf(lastStart)
  const rendered = renderItem(value, source)
  const lines = indent([`- ${rendered.inline}`, ...rendered.lines], column)
  return insertBehind(source, sequence, end, column, lines, rendered.endsInBreak)
}

/**
 * Lines behind the last line of a block collection whose members stand in `column`. Comment lines
 * directly below that are not indented less belong to what is above them.
 */
function insertBehind(
  source: SourceText,
  node: YamlNode,
  end: number,
  column: number,
  lines: readonly string[],
  endsInBreak: boolean,
): TextEdit[] {
  const leaf = lastLeaf(node)
  const header = isBlockScalar(leaf) ? (/^[|>][-+0-9]*/.exec(source.text.slice(leaf.contentStart))?.[0] ?? '') : ''
  let lineEnd = source.lineEnd(end)
  const nextLineText = (): string =>
    source.text.slice(source.nextLine(lineEnd), source.lineEnd(source.nextLine(lineEnd)))
  const isLast = (): boolean => source.nextLine(lineEnd) === lineEnd

  if (header.includes('+')) {
    while (!isLast() && source.nextLine(lineEnd) < source.text.length && nextLineText().trim() === '') {
      lineEnd = source.lineEnd(source.nextLine(lineEnd))
    }
  }
  for (;;) {
    const comment = /^( *)#/.exec(isLast() ? '' : nextLineText())
    if (comment === null || (comment[1] ?? '').length < column) break
    lineEnd = source.lineEnd(source.nextLine(lineEnd))
  }

  const edits = [insertLines(source, lineEnd, lines, endsInBreak)]
  // A block scalar cut off by the end of the text has no line break at its
  // end, and must not get one.
  if (
    header !== '' &&
    lineEnd === source.text.length &&
    leaf.kind === 'scalar' &&
    !leaf.value.endsWith('\n') &&
    !header.includes('-')
  ) {
    const start = leaf.contentStart
    edits.push({ start, end: start + header.length, text: `${header.replace('+', '')}-` })
  }
  return edits
}

/**
 * An entry behind the last one of a flow collection: on a line of its own if
 * that one has its own, too.
 */
function insertInFlow(
  source: SourceText,
  collection: YamlNode,
  lastStart: number,
  lastEnd: number,
  text: string,
): TextEdit[] {
  const close = collection.end - 1
  const comma = /^[ \t]*,/.exec(source.text.slice(lastEnd, close))?.[0]
  const separatorEnd = lastEnd + (comma?.length ?? 0)
  const lineEnd = source.lineEnd(separatorEnd, close)
  const restOfLine = source.text.slice(separatorEnd, lineEnd)
  if (source.startsLine(lastStart) && lineEnd < close && /^\s*(?:#.*)?$/.test(restOfLine)) {
    const margin = ' '.repeat(source.columnOf(lastStart))
    const line: TextEdit = {
      start: lineEnd,
      end: lineEnd,
      text: `${source.eol}${margin}${text}${comma === undefined ? '' : ','}`,
    }
    return comma === undefined ? [{ start: lastEnd, end: lastEnd, text: ',' }, line] : [line]
  }
  if (comma !== undefined) return [{ start: separatorEnd, end: separatorEnd, text: ` ${text},` }]
  // A blank before the comma keeps a key without value from swallowing it.
  const gap = source.text[lastEnd - 1] === ':' ? ' ' : ''
  return [{ start: lastEnd, end: lastEnd, text: `${gap}, ${text}` }]
}
