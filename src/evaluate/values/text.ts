import { allocate, spend } from '../../budget.ts'
import { quote } from '../../yaml/index.ts'
import { quoteBytes } from './quote-bytes.ts'
import type { Value } from './value.ts'

export interface ValueText {
  readonly text: string
  readonly unknown: boolean
  readonly secret: boolean
}

export const unknownText = '[unknown]'
export const secretText = '[secret]'

/** Longer text is refused: a few lines that double a string could fill the memory. */
export const maxTextLength = 16 * 1024 * 1024

/**
 * The string a value becomes in an interpolation. Of a map, only its own properties
 * count, not those it inherits.
 */
export function textOfValue(value: Value): ValueText {
  const { secret } = value
  spend(4)
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
        value.ownEntries.map(([key, child]) => [`${quote(key)}=`, textOfValue(child)] as const),
        secret,
      )
  }
}

function combine(parts: readonly (readonly [string, ValueText])[], secret: boolean): ValueText {
  let length = 0
  const pieces = parts.map(([prefix, part]) => {
    // Each level of lists in lists quotes the one within it anew.
    spend(part.text.length)
    const piece = prefix + quoteBytes(part.text)
    length += piece.length + 1
    allocate(2 * piece.length)
    return piece
  })
  allocate(2 * length)
  return {
    text: pieces.join(','),
    unknown: parts.some(([, part]) => part.unknown),
    secret: secret || parts.some(([, part]) => part.secret),
  }
}
