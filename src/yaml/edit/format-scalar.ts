import type { YamlValue } from './yaml-data.ts'
import { readsAsOther, readsAsOtherInYaml11 } from './yaml-data.ts'

/** The context of a scalar: a value or a key, in a block or a flow collection. */
export type ScalarContext = 'block' | 'key' | 'flow' | 'flow-key'

/**
 * Text that needs escapes to be seen or to survive: controls, breaks other than LF, byte
 * order marks, lone surrogates.
 */
/** A function, because such an expression takes long to make, and reading needs none. */
const unprintable = () => /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/u

const indicatorAtStart = /^(?:[#,[\]{}&*!|>'"%@`]|[-?:](?:[\s]|$)|---|\.\.\.)/

/** A scalar on one line: plain, single- or double-quoted. */
export function formatScalar(scalar: YamlValue & { kind: 'scalar' }, context: ScalarContext): string {
  const { text, isString, style } = scalar
  if (!isString) return text === '' ? 'null' : text
  switch (style) {
    case 'double':
      return doubleQuoted(text)
    case 'single':
      return canBeSingleQuoted(text) ? singleQuoted(text) : doubleQuoted(text)
    default:
      if (readsAsOther(text)) return doubleQuoted(text)
      if (style === undefined && !context.endsWith('key') && readsAsOtherInYaml11(text)) return doubleQuoted(text)
      if (canBePlain(text, context)) return text
      return canBeSingleQuoted(text) ? singleQuoted(text) : doubleQuoted(text)
  }
}

function canBePlain(text: string, context: ScalarContext): boolean {
  if (text === '' || text !== text.trim() || unprintable().test(text) || /[\n\t]/.test(text)) return false
  if (indicatorAtStart.test(text)) return false
  if (/:(?:\s|$)|\s#/.test(text)) return false
  return !context.startsWith('flow') || !/[,?[\]{}:]/.test(text)
}

function canBeSingleQuoted(text: string): boolean {
  return !unprintable().test(text) && !/[\n\t]/.test(text)
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
}

/** Text in double quotes, on one line whatever it holds. */
function doubleQuoted(text: string): string {
  const escaped = text.replace(/["\\\t\n]/g, (character) => escapes[character] ?? character)
  return `"${escaped.replace(new RegExp(unprintable(), 'gu'), escapeUnprintable)}"`
}

function escapeUnprintable(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code >= 0xd800 && code <= 0xdfff) return '\\uFFFD'
  const hex = code.toString(16).toUpperCase()
  return escapes[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`)
}

/** A literal block scalar: its header (`|` or `|-`) and its lines, not indented. */
export interface LiteralBlock {
  readonly header: string
  readonly lines: readonly string[]
}

/**
 * The scalar as a literal block, when it should be one and can: several lines (or a literal style),
 * and nothing that would need an indentation indicator, be invisible at the end of a line, or
 * depend on the blank lines that follow.
 */
export function formatLiteral(scalar: YamlValue & { kind: 'scalar' }): LiteralBlock | undefined {
  const { text, isString, style } = scalar
  if (!isString || style === 'double' || style === 'single') return undefined
  if (style !== 'literal' && style !== 'folded' && !text.includes('\n')) return undefined
  if (/^[ \t\n]|[ \t]\n|[ \t]$|\n\n$/.test(text) || text === '' || unprintable().test(text)) return undefined
  const clip = text.endsWith('\n')
  return { header: clip ? '|' : '|-', lines: (clip ? text.slice(0, -1) : text).split('\n') }
}
