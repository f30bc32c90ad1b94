import type { Scalar as YamlScalar } from 'yaml'
import { type Json, JsonNumber } from '../json.ts'

/**
 * JSON as YAML, the way the original prints it: block style, indented by three, keys in natural order, numbers as quoted text,
 * texts quoted only when they would be read as something else, texts of several lines as literal blocks.
 */
export async function toYaml(value: Json): Promise<string> {
  // The emitter is a library of its own, which the other formats do without.
  const { Document, Scalar, visit } = await import('../sdk/yaml.ts')
  const numbers = new Set<YamlScalar>()
  const number = (text: string) => {
    const scalar = new Scalar(text)
    numbers.add(scalar)
    return scalar
  }
  const document = new Document(plain(value, number), { version: '1.2' })
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string') return
      if (node.value.includes('\n')) node.type = isBlockSafe(node.value) ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE
      else if (numbers.has(node) || OTHER_TYPES.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document.toString({ indent: 3, indentSeq: true, lineWidth: 0, nullStr: 'null', flowCollectionPadding: false })
}

/** What YAML 1.1 or 1.2 readers would take for a null, boolean, number or date. */
const OTHER_TYPES =
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|[-+]?(?:\.\d+|\d[\d_]*(?:\.\d*)?)(?:[eE][-+]?\d+)?|0[box][\da-fA-F_]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|<<|=)$/

/** A literal block keeps everything but what its first line's indentation and trailing spaces make ambiguous. */
function isBlockSafe(text: string): boolean {
  return !/^\s|[^\S\n]\n|[^\S\n]$|[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)
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

/** Runs of digits count as numbers; where a letter meets another character, the letter comes last, after a digit first. */
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
