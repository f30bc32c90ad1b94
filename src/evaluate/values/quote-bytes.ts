import { hasRawBytes } from '../../raw-bytes.ts'
import { quote } from '../../yaml/index.ts'

/** Text in quotes, as `quote` has it, with `\\xNN` for each byte that is no UTF-8. */
export function quoteBytes(text: string): string {
  if (!hasRawBytes(text)) return quote(text)
  const pieces = text.split(/([\udc80-\udcff])/u)
  const inner = pieces.map((piece, i) =>
    i % 2 === 0 ? quote(piece).slice(1, -1) : `\\x${(piece.charCodeAt(0) - 0xdc00).toString(16)}`,
  )
  return `"${inner.join('')}"`
}
