import type { Scalar as YamlScalar } from 'yaml'
import { type Json, JsonNumber } from '../../json.ts'

/**
 * JSON as YAML, the way the original prints it: block style, indented by three, keys in natural
 * order, numbers as quoted text, texts quoted only when they would be read as something else, texts
 * of several lines as literal blocks. Readers of YAML 1.1 and 1.2 read back the same.
 */
export async function toYaml(value: Json): Promise<string> {
  if (typeof value === 'string' && value.includes('\n') && isBlockSafe(value)) return topBlock(value)
  // The emitter is a library of its own, which the other formats do without.
  const { Document, Scalar, visit } = await import('../../vendor/yaml.ts')
  const numbers = new Set<YamlScalar>()
  const number = (text: string) => {
    const scalar = new Scalar(text)
    numbers.add(scalar)
    return scalar
  }
  const document = new Document(plain(value, number), { version: '1.2' })
  visit(document, {
    Scalar(key, node) {
      const { value: text } = node
      if (typeof text !== 'string') return
      if (text.includes('\n') && key !== 'key' && isBlockSafe(text)) node.type = Scalar.BLOCK_LITERAL
      else if (numbers.has(node) || !isPlainSafe(text)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  const text = document.toString({
    indent: 3,
    indentSeq: true,
    lineWidth: 0,
    nullStr: 'null',
    flowCollectionPadding: false,
  })
  // They stand between double quotes, where the library leaves them as they are.
  return text.replace(TO_ESCAPE, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/**
 * Matches whatever readers of YAML 1.1 or 1.2 would take for a null, boolean, number (to base 60
 * too), date, merge key or default value (https://yaml.org/type/). Version numbers and addresses
 * such as 10.0.0.1 are none of these.
 */
const OTHER_TYPES =
  /^(?:|~|null|true|false|y|yes|n|no|on|off|[-+]?0[box][\da-f_]*|(?!\d+(?:\.\d+){2,}$)[-+]?[\d._:]*(?:e[-+]?\d[\d_]*)?|[-+]?\.(?:inf|nan)|\d{4}-\d\d?-\d\d?(?:[t \t].*)?|<<|=)$/i

/** Characters that some readers refuse, or take for a line break or a byte order mark. */
const UNPRINTABLE = /[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u
const TO_ESCAPE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g

function isPlainSafe(text: string): boolean {
  return !OTHER_TYPES.test(text) && !/[\t\n]|^\s|\s$/.test(text) && !UNPRINTABLE.test(text)
}

/** A literal block at the top, which the library would not indent, as YAML 1.1 asks for. */
function topBlock(text: string): string {
  const chomping = !text.endsWith('\n') ? '-' : text.endsWith('\n\n') ? '+' : ''
  const lines = text.replace(/^(?=[^\n])/gm, '   ')
  return `|${chomping}\n${lines}${chomping === '-' ? '\n' : ''}`
}

/**
 * A literal block keeps everything but what its first line's indentation and
 * trailing spaces make ambiguous.
 */
function isBlockSafe(text: string): boolean {
  return !/^\s|[^\S\n]\n|[^\S\n]$/.test(text) && !UNPRINTABLE.test(text)
}

function plain(value: Json, number: (text: string) => unknown): unknown {
  if (value instanceof JsonNumber) return number(value.text)
  if (Array.isArray(value)) return value.map((element) => plain(element, number))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value as Readonly<Record<string, Json>>)
  return new Map(entries.sort(([a], [b]) => naturalOrder(a, b)).map(([key, member]) => [key, plain(member, number)]))
}

// Such expressions take long to make, so that is left until one is needed.
const isLetter = (character: string) => /^\p{L}$/u.test(character)
const isDigit = (character: string) => /^\p{Nd}$/u.test(character)

/**
 * Runs of digits count as numbers; where a letter meets another character, the letter comes
 * last, after a digit first.
 */
export function naturalOrder(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  let at = 0
  while (at < left.length && at < right.length && left[at] === right[at]) at++
  if (at === left.length || at === right.length) return left.length - right.length
  const [x, y] = [left[at] as string, right[at] as string]
  const letters = [isLetter(x), isLetter(y)]
  if (letters[0] && letters[1]) return x < y ? -1 : 1
  if (letters[0] || letters[1]) {
    const afterDigit = at > 0 && isDigit(left[at - 1] as string)
    return letters[0] === afterDigit ? -1 : 1
  }
  const [m, n] = [digitRun(left, at), digitRun(right, at)]
  if (m !== '' && n !== '' && Number(m) !== Number(n)) return Number(m) - Number(n)
  return m.length - n.length || (x < y ? -1 : 1)
}

function digitRun(characters: readonly string[], from: number): string {
  let start = from
  while (start > 0 && isDigit(characters[start - 1] as string)) start--
  let end = from
  while (end < characters.length && isDigit(characters[end] as string)) end++
  return characters.slice(start, end).join('')
}
