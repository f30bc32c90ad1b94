import { SecretMask } from '../masking/index.ts'

/** Characters of somebody else's words that a message quotes at most. */
const mostQuoted = 300
/** The longest form in which a character is written: four bytes of UTF-8, each as `\x12`. */
const longestEscape = 16

/**
 * Returns the words of a server, as a message may quote it: without secrets in any form, on one
 * line and not long. `hidden`: what was sent, which an answer might repeat.
 */
export function quoted(text: string, hidden: Iterable<string>): string {
  return quotedBehind(new SecretMask(hidden), text)
}

/** The same for several texts: making a mask takes longer than most of a request. */
export function quotedBehind(mask: SecretMask, text: string): string {
  if (text === '') return ''
  return mask
    .text(text)
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
    .trim()
    .slice(0, mostQuoted)
}

/**
 * The beginning of a body, line breaks and all, without secrets in any form. `isCut`: the body was
 * not read to its end, which may be in the middle of a secret.
 */
export function excerpt(
  text: string,
  { hidden, isCut, most }: { readonly hidden: readonly string[]; readonly isCut: boolean; readonly most: number },
): string {
  const shown = new SecretMask(hidden).text(text)
  const unsure = isCut ? longestEscape * Math.max(0, ...hidden.map(({ length }) => length)) : 0
  return shown.slice(0, Math.min(most, Math.max(0, shown.length - unsure)))
}
