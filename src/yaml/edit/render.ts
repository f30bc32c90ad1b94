import { formatLiteral, formatScalar } from './format-scalar.ts'
import type { YamlValue } from './yaml-data.ts'

/** The habits of a document that new text follows. */
export interface Habits {
  /** Columns that a mapping is indented by, against the mapping around it. */
  readonly step: number
  /** Columns that a sequence is indented by, against the key it belongs to. */
  readonly sequenceOffset: number
}

/** A value as it is written behind `key:` or `-`: what stands on that line, and the lines below. */
export interface Rendered {
  readonly inline: string
  /** Relative to the column of the key or dash. */
  readonly lines: readonly string[]
  /** The value needs a line break behind its last line, even at the end of the text. */
  readonly endsInBreak: boolean
}

/**
 * Longest key that can be read back without `?` is 1024 characters, quotes and escapes included.
 */
const maxSimpleKey = 1000

/** The value on one line, as inside `{}` and `[]`. */
export function renderFlow(value: YamlValue): string {
  switch (value.kind) {
    case 'scalar':
      return formatScalar(value, 'flow')
    case 'sequence':
      return `[${value.items.map(renderFlow).join(', ')}]`
    case 'mapping':
      return `{${value.pairs.map(({ key, value }) => `${formatScalar(key, 'flow-key')}: ${renderFlow(value)}`).join(', ')}}`
  }
}

/** The value behind `key:`. */
export function renderMember(value: YamlValue, habits: Habits): Rendered {
  if (value.kind === 'scalar') return renderScalar(value, habits.step)
  if (value.flow || isEmpty(value)) return oneLine(renderFlow(value))
  const { lines, endsInBreak } = renderBlock(value, habits)
  return {
    inline: '',
    lines: indent(lines, value.kind === 'sequence' ? habits.sequenceOffset : habits.step),
    endsInBreak,
  }
}

/** The value behind `-`, where a collection starts on the same line. */
export function renderItem(value: YamlValue, habits: Habits): Rendered {
  if (value.kind === 'scalar') return renderScalar(value, 2)
  if (value.flow || isEmpty(value)) return oneLine(renderFlow(value))
  const { lines, endsInBreak } = renderBlock(value, habits)
  const [inline = '', ...more] = lines
  return { inline, lines: indent(more, 2), endsInBreak }
}

/** The lines of a whole value, at column 0. */
export function renderRoot(value: YamlValue, habits: Habits): { lines: readonly string[]; endsInBreak: boolean } {
  if (value.kind !== 'scalar' && !value.flow && !isEmpty(value)) return renderBlock(value, habits)
  const { inline, lines, endsInBreak } = renderMember(value, habits)
  return { lines: [inline, ...lines], endsInBreak }
}

/** `key: value`, as lines relative to the column of the key. */
export function renderPair(
  key: YamlValue & { kind: 'scalar' },
  value: YamlValue,
  habits: Habits,
): { lines: readonly string[]; endsInBreak: boolean } {
  const keyText = formatScalar(key, 'key')
  const { inline, lines, endsInBreak } = renderMember(value, habits)
  const tail = inline === '' ? ':' : `: ${inline}`
  if (keyText.length > maxSimpleKey) return { lines: [`? ${keyText}`, tail, ...lines], endsInBreak }
  return { lines: [`${keyText}${tail}`, ...lines], endsInBreak }
}

function renderBlock(
  value: YamlValue & { kind: 'sequence' | 'mapping' },
  habits: Habits,
): { lines: readonly string[]; endsInBreak: boolean } {
  const lines: string[] = []
  let endsInBreak = false
  if (value.kind === 'sequence') {
    for (const item of value.items) {
      const rendered = renderItem(item, habits)
      lines.push(`- ${rendered.inline}`, ...rendered.lines)
      endsInBreak = rendered.endsInBreak
    }
  } else {
    for (const pair of value.pairs) {
      const rendered = renderPair(pair.key, pair.value, habits)
      lines.push(...rendered.lines)
      endsInBreak = rendered.endsInBreak
    }
  }
  return { lines, endsInBreak }
}

function renderScalar(value: YamlValue & { kind: 'scalar' }, step: number): Rendered {
  const literal = formatLiteral(value)
  if (literal === undefined) return oneLine(formatScalar(value, 'block'))
  return { inline: literal.header, lines: indent(literal.lines, step), endsInBreak: literal.header === '|' }
}

function oneLine(inline: string): Rendered {
  return { inline, lines: [], endsInBreak: false }
}

function isEmpty(value: YamlValue & { kind: 'sequence' | 'mapping' }): boolean {
  return value.kind === 'sequence' ? value.items.length === 0 : value.pairs.length === 0
}

/** Lines moved to the right; empty lines stay empty. */
export function indent(lines: readonly string[], columns: number): string[] {
  const blanks = ' '.repeat(columns)
  return lines.map((line) => (line === '' ? '' : blanks + line))
}
