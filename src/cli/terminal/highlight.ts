import { bold, cyan, dim, green, red, yellow } from './colour.ts'

/** The language of a text. */
export type Syntax = 'json' | 'yaml' | 'diff'

type Paint = (text: string) => string

/** A text in colours, line by line, for reading at a terminal. Nothing but colours is added. */
export function highlighted(text: string, syntax: Syntax): string {
  return text.split('\n').map(painters[syntax]).join('\n')
}

const painters: Readonly<Record<Syntax, Paint>> = { json: jsonLine, yaml: yamlLine, diff: diffLine }

function jsonLine(line: string): string {
  const [, indent = '', key = '', value = ''] = /^(\s*)("(?:[^"\\]|\\.)*"(?=: ))?(.*)$/.exec(line) ?? []
  const [, colon = '', scalar = '', comma = ''] = /^(: )?(.*?)(,?)$/.exec(value) ?? []
  return `${indent}${key === '' ? '' : cyan(key)}${colon}${jsonScalar(scalar)}${comma}`
}

function jsonScalar(text: string): string {
  if (text === '"[secret]"' || text === '"[unknown]"' || text === 'null') return dim(text)
  if (text.startsWith('"')) return green(text)
  return /^(?:-?\d|true$|false$)/.test(text) ? yellow(text) : text
}

function yamlLine(line: string): string {
  if (/^\s*#/.test(line)) return dim(line)
  const [, before = '', key = '', after = ''] =
    /^(\s*(?:- +)*)([^\s#&*!|>'"{}[\],:][^#:]*|[\w.-]*::?[\w:.-]+|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(:(?:\s.*)?)$/.exec(
      line,
    ) ?? []
  if (key === '') return line
  const end = valueEnd(after)
  return `${before}${cyan(key)}${after.slice(0, end)}${end === after.length ? '' : dim(after.slice(end))}`
}

/** The index of the comment behind a value, or the length of the line without one. */
function valueEnd(text: string): number {
  let quote: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (quote !== undefined) {
      if (character === quote) quote = undefined
    } else if (/["']/.test(character) && /[\s[{,:]/.test(text[at - 1] ?? ' ')) quote = character
    else if (character === '#' && /\s/.test(text[at - 1] ?? '')) return at
  }
  return text.length
}

function diffLine(line: string): string {
  if (/^(?:---|\+\+\+) /.test(line)) return bold(line)
  if (line.startsWith('@@')) return cyan(line)
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line.startsWith('\\') ? dim(line) : line
}
