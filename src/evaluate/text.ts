import { quote } from '../syntax/index.ts'
import { quoteBytes } from './raw-bytes.ts'
import type { Value } from './value.ts'

export interface Text {
  readonly text: string
  readonly unknown: boolean
  readonly secret: boolean
}

export const unknownText = '[unknown]'
export const secretText = '[secret]'

/** Longer text is refused: a few lines that double a string could fill the memory. */
export const maxTextLength = 64 * 1024 * 1024

/** The string a value becomes in an interpolation. Of a map, only its own properties count, not those it inherits. */
export function textOfValue(value: Value): Text {
  const { secret } = value
  if (value.unknown) return { text: unknownText, unknown: true, secret }
  const content = value.content
  switch (content.kind) {
    case 'none':
    case 'null':
      return { text: '', unknown: false, secret }
    case 'boolean':
      return { text: String(content.boolean), unknown: false, secret }
    case 'number':
    case 'string':
      return { text: content.text, unknown: false, secret }
    case 'array':
      return combine(
        content.elements.map((element) => ['', textOfValue(element)] as const),
        secret,
      )
    case 'map':
      return combine(
        value.ownKeys.map((key) => [`${quote(key)}=`, textOfValue(value.own(key)!)] as const),
        secret,
      )
  }
}

function combine(parts: readonly (readonly [string, Text])[], secret: boolean): Text {
  return {
    text: parts.map(([prefix, part]) => prefix + quoteBytes(part.text)).join(','),
    unknown: parts.some(([, part]) => part.unknown),
    secret: secret || parts.some(([, part]) => part.secret),
  }
}
