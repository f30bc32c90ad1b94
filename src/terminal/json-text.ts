import type { Json } from '../json.ts'
import { JsonNumber } from '../json.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** Two-space JSON with a final line break; `<`, `>`, `&` and the line separators are escaped, numbers keep their text. */
export function toJsonText(value: unknown): string {
  return write(value as Json, '') + '\n'
}

function write(value: Json | undefined, indent: string): string {
  if (value instanceof JsonNumber) return value.text
  if (typeof value === 'string')
    return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => ESCAPES[char] as string)
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  const inner = indent + '  '
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((each) => inner + write(each, inner)).join(',\n')}\n${indent}]`
  }
  const members: string[] = []
  for (const [key, member] of Object.entries(value as Readonly<Record<string, Json | undefined>>)) {
    if (member !== undefined) members.push(`${inner}${write(key, inner)}: ${write(member, inner)}`)
  }
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`
}
