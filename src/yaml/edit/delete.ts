import { present } from '../../present.ts'
import type { YamlMapping, YamlNode, YamlSequence } from '../parser/tree.ts'
import { endOfPair } from './place.ts'
import type { SourceText, TextEdit } from './source.ts'

/** The part of the text that one key or item takes. */
interface Entry {
  readonly start: number
  readonly end: number
}

/**
 * The ways to remove an entry from a collection that keeps others, best first. Which one
 * is right depends on whether the text around it means something, as the blank lines
 * behind a block scalar do.
 */
export function deleteEntry(
  source: SourceText,
  collection: YamlMapping | YamlSequence,
  index: number,
  inFlow: boolean,
): TextEdit[][] {
  const entries = entriesOf(collection)
  const row = { before: entries[index - 1], entry: present(entries[index]), next: entries[index + 1] }
  if (inFlow || collection.flow) return [deleteInFlow(source, row)]
  return deleteInBlock(source, row)
}

/** An entry with its neighbours. */
interface Row {
  readonly before: Entry | undefined
  readonly entry: Entry
  readonly next: Entry | undefined
}

function entriesOf(collection: YamlMapping | YamlSequence): Entry[] {
  if (collection.kind === 'mapping')
    return collection.pairs.map((pair) => ({ start: pair.start, end: endOfPair(pair) }))
  return collection.items.map((item: YamlNode, i) => ({ start: present(collection.entryStarts[i]), end: item.end }))
}

function deleteInBlock(source: SourceText, { before: previous, entry }: Row): TextEdit[][] {
  const { text } = source
  if (!source.startsLine(entry.start)) {
    // `- a: 1`: what comes next moves up to the dash.
    const [next = ''] = /^\s*/.exec(text.slice(source.lineEnd(entry.end))) ?? []
    return [[{ start: entry.start, end: source.lineEnd(entry.end) + next.length, text: '' }]]
  }
  const start = startWithComments(source, entry.start, previous?.end ?? 0)
  const lineEnd = source.lineEnd(entry.end)
  if (lineEnd === text.length) {
    // Without a final line break there is none afterwards either, unless the entry before needs it.
    const before = start - (/(?:\r\n|\n|\r)$/.exec(text.slice(0, start))?.[0].length ?? 0)
    return [[{ start: before, end: lineEnd, text: '' }], [{ start, end: lineEnd, text: '' }]]
  }
  const end = source.nextLine(entry.end)
  const [blanks = ''] = /^(?:[ \t]*(?:\r\n|\n|\r))*/.exec(text.slice(end)) ?? []
  return [[{ start, end, text: '' }], [{ start, end: end + blanks.length, text: '' }]]
}

/**
 * The start of an entry's lines, with the comment lines directly above it that stand in its column.
 */
function startWithComments(source: SourceText, entryStart: number, notBefore: number): number {
  const column = source.columnOf(entryStart)
  let start = source.lineStart(entryStart)
  while (start > 0) {
    const above = source.lineStart(start - (source.text.startsWith('\r\n', start - 2) ? 2 : 1))
    const comment = /^( *)#/.exec(source.text.slice(above, start))
    if (above >= start || above < notBefore || comment?.[1]?.length !== column) break
    start = above
  }
  return start
}

function deleteInFlow(source: SourceText, { before, entry, next }: Row): TextEdit[] {
  const from = before?.end ?? entry.start
  const lineEnd = source.lineEnd(entry.end)
  const ownLine =
    source.startsLine(entry.start) && /^[ \t]*,?[ \t]*(?:#.*)?$/.test(source.text.slice(entry.end, lineEnd))
  if (ownLine && (next !== undefined || /,/.test(source.text.slice(from, entry.start)))) {
    return [{ start: source.lineStart(entry.start), end: source.nextLine(entry.end), text: '' }]
  }
  if (next !== undefined) return [{ start: entry.start, end: next.start, text: '' }]
  return [{ start: from, end: entry.end, text: '' }]
}
